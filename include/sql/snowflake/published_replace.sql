-- A tenant's rows of a mart take the place of those that readers see; other tenants' rows stay.
delete from published.{{ table | ident }}
where tenant_id = $tenant_id;

insert into published.{{ table | ident }} (
    {% for column in columns %}
    {{ column | ident }}{{ "," if not loop.last }}
    {% endfor %}
)
select
    {% for column in columns %}
    {{ column | ident }}{{ "," if not loop.last }}
    {% endfor %}
from analytics.{{ table | ident }}
where tenant_id = $tenant_id;
