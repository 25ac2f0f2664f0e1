-- A monthly limit of credits for each warehouse: a notice at 80 %, no new statements at 100 %, and running ones are
-- cancelled at 110 %. Only account administrators may create resource monitors.
use role accountadmin;

{% for warehouse in warehouses %}
create resource monitor if not exists {{ warehouse.monitor | ident }} with
    credit_quota = {{ warehouse.monthly_credits }}
    frequency = monthly
    start_timestamp = immediately
    triggers
    on 80 percent do notify
    on 100 percent do suspend
    on 110 percent do suspend_immediate;

alter resource monitor {{ warehouse.monitor | ident }} set credit_quota = {{ warehouse.monthly_credits }};

{% endfor %}
