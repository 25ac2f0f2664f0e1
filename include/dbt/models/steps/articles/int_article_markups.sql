with entries as (

    select * from {{ ref('int_article_entries') }}

),

sales as (

    select * from {{ ref('fct_sales') }}
    where tenant_id = {{ tenant_id() }}

),

sold as (

    select
        tenant_id,
        article_number,
        sum(units) as units_sold,
        sum(revenue_net) as revenue_net,
        {{ priced_revenue() }} as priced_revenue,
        sum(margin) as margin,
        count(*) as line_count,
        count(*) - count(margin) as unpriced_lines,
        {{ first_reason('margin_note') }} as margin_note
    from sales
    group by tenant_id, article_number

)

-- Only what came and has both prices counts for its season and category.
select
    entries.tenant_id,
    entries.season_number,
    entries.category_number,
    entries.article_number,
    entries.list_price,
    entries.list_price_net,
    entries.unit_cost,
    entries.units_received,
    case
        when entries.entry_note is null and entries.costed_units > 0
            then entries.costed_units * entries.list_price_net
    end as received_list_value,
    case when entries.entry_note is null then entries.received_cost end as received_cost,
    entries.entry_note,
    coalesce(sold.units_sold, 0) as units_sold,
    sold.revenue_net,
    sold.priced_revenue,
    sold.margin,
    coalesce(sold.line_count, 0) as line_count,
    coalesce(sold.unpriced_lines, 0) as unpriced_lines,
    sold.margin_note
from entries
left join sold
    on
        entries.tenant_id = sold.tenant_id
        and entries.article_number = sold.article_number
