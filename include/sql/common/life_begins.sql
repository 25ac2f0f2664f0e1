-- Where the days of each resource begin that were read completely before: a few days far before all others are strays.
with days as (
    {% for resource, table, column in dated %}
    select
        '{{ resource }}' as resource,
        {{ column | ident }} as booked_on,
        count(*) as row_count
    from raw.{{ table | ident }}
    where
        tenant_id = $tenant_id
        and _deleted_at is null
        and {{ column | ident }} is not null
    group by {{ column | ident }}
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}
),

read_completely as (
    select distinct resource
    from ops.load_ledger
    where
        tenant_id = $tenant_id
        and is_complete
),

walked as (
    select
        days.resource,
        days.booked_on,
        lag(days.booked_on) over (partition by days.resource order by days.booked_on) as booked_before,
        sum(days.row_count) over (partition by days.resource order by days.booked_on) - days.row_count as rows_before,
        sum(days.row_count) over (partition by days.resource) as rows_in_all
    from days
    inner join read_completely
        on days.resource = read_completely.resource
)

select
    resource,
    min(booked_on) as first_booked_on,
    max(
        case
            when
                booked_on - booked_before > $gap_days
                and (rows_before <= $stray_rows or rows_before * 1000 <= rows_in_all)
                then booked_on
        end
    ) as begins_on
from walked
where rows_in_all >= $least_rows
group by resource
order by resource;
