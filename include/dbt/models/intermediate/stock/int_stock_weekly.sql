with as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

weeks_on as (

    {{ integers(var('max_weeks')) }}

),

ledger as (

    select * from {{ ref('int_stock_ledger') }}
    where tenant_id = {{ tenant_id() }}

),

stock_now as (

    select
        ledger.tenant_id,
        ledger.article_number,
        ledger.branch_number,
        sum(ledger.closing_stock) as stock_units
    from ledger
    inner join as_of
        on
            ledger.tenant_id = as_of.tenant_id
            and ledger.moved_on = as_of.as_of_date
    group by ledger.tenant_id, ledger.article_number, ledger.branch_number

),

weekly_movements as (

    select * from {{ ref('int_week_movements') }}

),

-- Stock stands still between movements, so it is computed where goods moved and carried to the weeks between.
moved as (

    select
        weekly_movements.tenant_id,
        weekly_movements.article_number,
        weekly_movements.branch_number,
        weekly_movements.week_start,
        lead(weekly_movements.week_start, 1, {{ add_days('as_of.current_week', 7) }}) over (
            partition by
                weekly_movements.tenant_id,
                weekly_movements.article_number,
                weekly_movements.branch_number
            order by weekly_movements.week_start
        ) as next_week,
        weekly_movements.units_sold,
        weekly_movements.units_corrected,
        weekly_movements.units_received,
        weekly_movements.units_counted,
        stock_now.stock_units + coalesce(
            sum(
                weekly_movements.units_sold - weekly_movements.units_corrected
                - weekly_movements.units_received - weekly_movements.units_counted
            ) over (
                partition by
                    weekly_movements.tenant_id,
                    weekly_movements.article_number,
                    weekly_movements.branch_number
                order by weekly_movements.week_start
                rows between 1 following and unbounded following
            ), 0
        ) as closing_stock
    from weekly_movements
    inner join as_of
        on weekly_movements.tenant_id = as_of.tenant_id
    inner join stock_now
        on
            weekly_movements.tenant_id = stock_now.tenant_id
            and weekly_movements.article_number = stock_now.article_number
            and weekly_movements.branch_number = stock_now.branch_number

),

carried as (

    select
        moved.tenant_id,
        moved.article_number,
        moved.branch_number,
        {{ add_days('moved.week_start', '7 * weeks_on.n') }} as week_start,
        case when weeks_on.n = 0 then moved.units_sold else 0 end as units_sold,
        case when weeks_on.n = 0 then moved.units_corrected else 0 end as units_corrected,
        case when weeks_on.n = 0 then moved.units_received else 0 end as units_received,
        case when weeks_on.n = 0 then moved.units_counted else 0 end as units_counted,
        moved.closing_stock
    from moved
    inner join weeks_on
        on weeks_on.n < (moved.next_week - moved.week_start) / 7

)

select
    tenant_id,
    article_number,
    branch_number,
    week_start,
    cast(units_sold as double) as units_sold,
    cast(units_corrected as double) as units_corrected,
    cast(units_received as double) as units_received,
    cast(units_counted as double) as units_counted,
    cast(
        closing_stock + units_sold - units_corrected - units_received - units_counted as double
    ) as opening_stock,
    cast(closing_stock as double) as closing_stock
from carried
