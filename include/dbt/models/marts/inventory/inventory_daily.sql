{{ config(materialized='incremental') }}

with articles as (

    select * from {{ ref('dim_article') }}
    where tenant_id = {{ tenant_id() }}

),

days_on as (

    {{ integers(var('inventory_days')) }}

),

closed as (

    select * from {{ ref('int_branch_stock') }}

),

-- Stock stands still between movements, so it is carried to the days between.
carried as (

    select
        closed.tenant_id,
        closed.article_number,
        closed.branch_number,
        {{ add_days('greatest(closed.moved_on, closed.first_day)', 'days_on.n') }} as date_day,
        closed.moved_on,
        closed.units_sold as gross_units,
        closed.units_returned as returned_units,
        closed.units_corrected,
        closed.units_received,
        closed.units_counted,
        closed.closing_stock
    from closed
    inner join days_on
        on days_on.n < closed.next_moved_on - greatest(closed.moved_on, closed.first_day)
    where closed.next_moved_on > closed.first_day

),

dated as (

    select
        tenant_id,
        article_number,
        branch_number,
        date_day,
        case when date_day = moved_on then gross_units else 0 end as gross_units,
        case when date_day = moved_on then returned_units else 0 end as returned_units,
        case when date_day = moved_on then units_corrected else 0 end as units_corrected,
        case when date_day = moved_on then units_received else 0 end as units_received,
        case when date_day = moved_on then units_counted else 0 end as units_counted,
        closing_stock
    from carried

)

select
    dated.tenant_id,
    dated.article_number,
    dated.branch_number,
    dated.date_day,
    dated.closing_stock - dated.units_received + dated.gross_units - dated.returned_units
    - dated.units_corrected - dated.units_counted as opening_stock,
    dated.units_received,
    dated.gross_units,
    dated.returned_units,
    dated.units_corrected,
    dated.units_counted,
    dated.closing_stock,
    cast(dated.closing_stock * articles.purchase_price as decimal(18, 2)) as closing_stock_value
from dated
left join articles
    on
        dated.tenant_id = articles.tenant_id
        and dated.article_number = articles.article_number
