-- Warehouses. They are suspended until a query arrives; sizes are those of the configuration at every run of this file.
use role sysadmin;

{% for warehouse in warehouses %}
create warehouse if not exists {{ warehouse.name | ident }} with
    warehouse_size = '{{ warehouse.size }}'
    auto_suspend = {{ warehouse.auto_suspend_seconds }}
    auto_resume = true
    initially_suspended = true
    comment = '{{ warehouse.purpose }}';

alter warehouse {{ warehouse.name | ident }} set
    warehouse_size = '{{ warehouse.size }}'
    auto_suspend = {{ warehouse.auto_suspend_seconds }}
    auto_resume = true
    statement_timeout_in_seconds = {{ warehouse.statement_timeout_seconds }};

{% endfor %}
use role accountadmin;

{% for warehouse in warehouses %}
alter warehouse {{ warehouse.name | ident }} set resource_monitor = {{ warehouse.monitor | ident }};

{% endfor %}
use role securityadmin;

-- For the one statement that lists who sees which tenant.
grant usage on warehouse mercurios_loading_wh to role mercurios_policy_admin;

{% for warehouse in warehouses %}
grant usage, operate, monitor on warehouse {{ warehouse.name | ident }} to role mercurios_admin;

{% for role in warehouse.users %}
grant usage on warehouse {{ warehouse.name | ident }} to role {{ role | ident }};

{% endfor %}
{% endfor %}
