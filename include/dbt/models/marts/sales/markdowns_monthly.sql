{{ config(materialized='incremental') }}

with lines as (

    select * from {{ ref('int_markdown_lines') }}

),

summed as (

    select
        tenant_id,
        month_start,
        season_number,
        category_number,
        coalesce(sum(revenue), 0) as revenue,
        sum(list_amount) as list_revenue,
        sum(case when list_amount is not null then before_till end) as price_reductions,
        sum(case when list_amount is not null then case when is_staff_purchase then 0 else at_till end end)
            as till_discounts,
        sum(case when list_amount is not null then case when is_staff_purchase then at_till else 0 end end)
            as staff_discounts,
        count(revenue) as line_count,
        count(list_amount) as listed_lines,
        coalesce(sum(write_off_units), 0) as write_off_units,
        count(write_off_units) as write_off_lines,
        sum(write_off_cost) as write_off_cost,
        count(write_off_cost) as costed_lines
    from lines
    group by tenant_id, month_start, season_number, category_number

),

added as (

    select
        *,
        price_reductions + till_discounts + staff_discounts as markdowns
    from summed

)

select
    tenant_id,
    month_start,
    season_number,
    category_number,
    cast(revenue as decimal(18, 2)) as revenue,
    cast(list_revenue as decimal(18, 2)) as list_revenue,
    cast(price_reductions as decimal(18, 2)) as price_reductions,
    cast(till_discounts as decimal(18, 2)) as till_discounts,
    cast(staff_discounts as decimal(18, 2)) as staff_discounts,
    cast(markdowns as decimal(18, 2)) as markdowns,
    {{ share_of('markdowns', 'list_revenue') }} as markdown_rate,
    case
        when line_count > listed_lines
            then
                {{ some_of('line_count - listed_lines', 'line_count', 'lines: no list price') }}
        when line_count = 0 then 'nothing was sold'
        when list_revenue <= 0 then 'more came back than was sold'
        when markdowns < 0 then 'more reductions came back than were given'
        when markdowns > list_revenue then 'more was taken off than the list prices'
    end as markdown_note,
    cast(write_off_units as double) as write_off_units,
    case
        when write_off_lines = 0 then 0
        else cast(write_off_cost as decimal(18, 2))
    end as write_off_cost,
    case
        when write_off_lines > costed_lines
            then
                {{ some_of('write_off_lines - costed_lines', 'write_off_lines', 'lines: no cost') }}
    end as write_off_note
from added
