create or replace table published.analytics.{{ table | ident }} as
select *
from {% if source %}{{ source | ident }}.{% endif %}analytics.{{ table | ident }}
{% if tenant_id %}
where tenant_id = $tenant_id
{% endif %};
