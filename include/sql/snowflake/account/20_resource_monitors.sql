-- A monthly limit of credits for each warehouse, and one for the account, which counts all warehouses: a
-- notice at 80 %, no new statements at 100 %, and running ones are cancelled at 110 %. Only account administrators may
-- create resource monitors.
use role accountadmin;

{% for monitor in monitors %}
create resource monitor if not exists {{ monitor.name | ident }} with
    credit_quota = {{ monitor.monthly_credits }}
    frequency = monthly
    start_timestamp = immediately
    triggers
    on 80 percent do notify
    on 100 percent do suspend
    on 110 percent do suspend_immediate;

alter resource monitor {{ monitor.name | ident }} set credit_quota = {{ monitor.monthly_credits }};

{% endfor %}
alter account set resource_monitor = mercurios_account_monitor;
