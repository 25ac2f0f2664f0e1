-- What the RAW tables hold of a tenant. A load, a delete, a row set aside or a replay each stamps the rows it touches with
-- a moment after all moments before it.
with counted as (
    {% for table in tables %}
    select
        '{{ table | ident }}' as table_name,
        count(*) as row_count,
        count(_deleted_at) as deleted_count,
        max(_loaded_at) as loaded_at
    from raw.{{ table | ident }}
    where tenant_id = $tenant_id
    {{ "union all" if not loop.last }}
    {% endfor %}
)

select
    table_name,
    row_count,
    deleted_count,
    loaded_at
from counted
order by table_name;
