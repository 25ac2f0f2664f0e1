-- What a gate reads of a tenant's rows of a table, kept for this session, so that Great Expectations can ask about them
-- here. A frame takes what is no number for null, so that is what it becomes.
create or replace temporary table gate_rows as
select
    {% for column in columns %}
    {% if column in doubles %}
    nullif({{ column | ident }}, cast('NaN' as double)) as {{ column | ident }}{{ "," if not loop.last }}
    {% else %}
    {{ column | ident }}{{ "," if not loop.last }}
    {% endif %}
    {% endfor %}
from {{ schema | ident }}.{{ table | ident }}
where
    tenant_id = $tenant_id
    {% if run_rows_only %}
    and _run_id = $run_id
    {% endif %};
