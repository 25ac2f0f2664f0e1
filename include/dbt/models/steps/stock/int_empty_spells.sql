with ledger as (

    select * from {{ ref('int_stock_ledger') }}
    where tenant_id = {{ tenant_id() }}

),

lives as (

    select * from {{ ref('article_life') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

-- Empty days until the next supply belong together, whatever customers bring back in between; a size that never was in
-- stock cannot run out.
numbered as (

    select
        *,
        sum(
            case
                when
                    closing_stock > 0
                    and (units_received > 0 or units_counted > 0 or units_corrected > 0)
                    then 1
                else 0
            end
        ) over (
            partition by tenant_id, article_number, article_size_number, branch_number
            order by moved_on
            rows between unbounded preceding and current row
        ) as times_supplied,
        max(case when closing_stock > 0 or opening_stock > 0 then 1 else 0 end) over (
            partition by tenant_id, article_number, article_size_number, branch_number
            order by moved_on
            rows between unbounded preceding and current row
        ) as was_in_stock
    from ledger

),

-- After the end of its season or of its life no one wants an empty shelf filled.
bounded as (

    select
        numbered.*,
        {{ year_begins_on() }} as year_begins_on,
        {{ year_ends_before() }} as year_ends_before,
        least(
            {{ add_days('as_of.as_of_date', 1) }},
            coalesce({{ add_days('lives.season_ends_on', 1) }}, {{ add_days('as_of.as_of_date', 1) }}),
            case
                when not lives.is_wanted and lives.life_since is not null then lives.life_since
                else {{ add_days('as_of.as_of_date', 1) }}
            end
        ) as wanted_until
    from numbered
    inner join as_of
        on numbered.tenant_id = as_of.tenant_id
    left join lives
        on
            numbered.tenant_id = lives.tenant_id
            and numbered.article_number = lives.article_number
            and numbered.article_size_number = lives.article_size_number
            and numbered.branch_number = lives.branch_number

),

spells as (

    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number,
        times_supplied,
        min(case when closing_stock <= 0 and was_in_stock = 1 then moved_on end) as started_on,
        max(next_moved_on) as refilled_on,
        max(wanted_until) as wanted_until,
        sum(
            case
                when closing_stock <= 0 and was_in_stock = 1
                    then greatest(least(next_moved_on, wanted_until) - moved_on, 0)
                else 0
            end
        ) as days_out,
        sum(
            case
                when closing_stock <= 0 and was_in_stock = 1
                    then greatest(
                        least(next_moved_on, wanted_until, year_ends_before)
                        - greatest(moved_on, year_begins_on),
                        0
                    )
                else 0
            end
        ) as days_out_in_year
    from bounded
    group by tenant_id, article_number, article_size_number, branch_number, times_supplied

)

select *
from spells
where days_out > 0
