-- What a gate counts about tables that no run has changed since, and how old their newest rows are by now.
with counted as (
    {% for table in tables %}
    select
        'raw.{{ table | ident }}' as table_name,
        count(case when _deleted_at is null then 1 end) as row_count,
        cast(null as {{ timestamp_type() }}) as changed_at
    from raw.{{ table | ident }}
    where tenant_id = $tenant_id
    union all
    {% endfor %}
    {% for table, column in cursors %}
    select
        'raw.{{ table | ident }}' as table_name,
        0 as row_count,
        max({{ column | ident }}) as changed_at
    from raw.{{ table | ident }}
    where tenant_id = $tenant_id
    {{ "union all" if not loop.last }}
    {% endfor %}
)

select
    table_name,
    sum(row_count) as row_count,
    {{ datediff("second", "max(changed_at)", "cast($source_now as " ~ timestamp_type() ~ ")") }} / 3600.0 as freshness_hours
from counted
group by table_name
order by table_name;
