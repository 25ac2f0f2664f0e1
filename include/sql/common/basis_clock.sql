-- How many rows are later than a read of each resource, and how many a day later: as the reads go on they pass rows, and a
-- report of stock then holds what it did not hold before, without a load. Days and hours of tills are the shop's.
with clocks as (
    {{ records("$clocks", {"resource": "varchar", "read_at": timestamp_type(), "local_at": timestamp_type()}) }}
),

moments as (
    {% for table, column in cursors %}
    select
        {{ column | ident }} as moved_at,
        false as is_local
    from raw.{{ table | ident }}
    where
        tenant_id = $tenant_id
        and {{ column | ident }} > $oldest
    {{ "union all" if not loop.last or clocked }}
    {% endfor %}
    {% for table, day, seconds in clocked %}
    select
        {{
            dateadd(
                "second",
                "coalesce(" ~ (seconds | ident) ~ ", 0)",
                "cast(" ~ (day | ident) ~ " as " ~ timestamp_type() ~ ")"
            )
        }} as moved_at,
        true as is_local
    from raw.{{ table | ident }}
    where
        tenant_id = $tenant_id
        and {{ day | ident }} >= $oldest_day
    {{ "union all" if not loop.last }}
    {% endfor %}
),

kinds as (
    select
        resource,
        read_at,
        false as is_local
    from clocks
    union all
    select
        resource,
        local_at as read_at,
        true as is_local
    from clocks
)

select
    kinds.resource,
    count(*) as later,
    count(case when moments.moved_at >= {{ dateadd("hour", 24, "kinds.read_at") }} then 1 end) as day_later
from kinds
inner join moments
    on
        kinds.is_local = moments.is_local
        and kinds.read_at < moments.moved_at
group by kinds.resource
order by kinds.resource;
