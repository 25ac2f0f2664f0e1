create or replace table published.analytics.{{ table | ident }} as
select *
from {{ source | ident }}.analytics.{{ table | ident }}
{% if tenant_id %}
where tenant_id = $tenant_id
{% endif %};
