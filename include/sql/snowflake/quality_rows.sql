-- What a gate reads of a tenant's rows of a table: the columns its checks need, of one run or of all.
select
    {% for column in columns %}
    {{ column | ident }}{{ "," if not loop.last }}
    {% endfor %}
from {{ schema | ident }}.{{ table | ident }}
where
    tenant_id = $tenant_id
    {% if run_rows_only %}
    and _run_id = $run_id
    {% endif %};
