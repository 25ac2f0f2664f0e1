{{ config(materialized='incremental') }}

with articles as (

    select * from {{ ref('int_article_markups') }}

),

-- What never came has a mark-up of its own, by what it costs today, but none in its season and category.
levels as (

    select
        tenant_id,
        'article' as markup_level,
        season_number,
        category_number,
        article_number,
        list_price,
        list_price_net,
        units_received,
        received_list_value,
        received_cost,
        coalesce(received_list_value, list_price_net) as entry_list,
        case when received_list_value is null then unit_cost else received_cost end as entry_cost,
        entry_note,
        units_sold,
        revenue_net,
        priced_revenue,
        margin,
        line_count,
        unpriced_lines,
        margin_note
    from articles
    union all
    select
        tenant_id,
        'season and category' as markup_level,
        season_number,
        category_number,
        0 as article_number,
        cast(null as decimal(18, 2)) as list_price,
        cast(null as decimal(18, 2)) as list_price_net,
        sum(units_received) as units_received,
        sum(received_list_value) as received_list_value,
        sum(received_cost) as received_cost,
        sum(received_list_value) as entry_list,
        sum(received_cost) as entry_cost,
        case
            when count(entry_note) > 0
                then
                    {{ some_of('count(entry_note)', 'count(*)', 'articles: ') }}
                    || {{ first_reason('entry_note') }}
            when sum(received_cost) is null then 'nothing received'
        end as entry_note,
        sum(units_sold) as units_sold,
        sum(revenue_net) as revenue_net,
        sum(priced_revenue) as priced_revenue,
        sum(margin) as margin,
        sum(line_count) as line_count,
        sum(unpriced_lines) as unpriced_lines,
        {{ first_reason('margin_note') }} as margin_note
    from articles
    group by tenant_id, season_number, category_number

)

select
    tenant_id,
    markup_level,
    season_number,
    category_number,
    article_number,
    list_price,
    list_price_net,
    cast(units_received as double) as units_received,
    cast(received_list_value as decimal(18, 2)) as received_list_value,
    cast(received_cost as decimal(18, 2)) as received_cost,
    case
        when entry_cost > 0 and entry_list > 0
            then round(cast(entry_list as double) / cast(entry_cost as double) - 1, 6)
    end as entry_markup,
    case
        when entry_cost > 0 and entry_list > 0
            then round(1 - cast(entry_cost as double) / cast(entry_list as double), 6)
    end as entry_margin_rate,
    entry_note,
    cast(greatest(units_sold, 0) as double) as units_sold_ever,
    cast(revenue_net as decimal(18, 2)) as revenue_net,
    cast(margin as decimal(18, 2)) as margin,
    case
        when priced_revenue > 0 and priced_revenue > margin
            then round(cast(margin as double) / cast(priced_revenue - margin as double), 6)
    end as realised_markup,
    {{ margin_rate('margin', 'priced_revenue') }} as margin_rate,
    case
        when line_count = 0 then 'nothing sold'
        when unpriced_lines > 0
            then
                {{ some_of('unpriced_lines', 'line_count', 'lines: ') }}
                || coalesce(margin_note, 'no margin')
        when priced_revenue <= greatest(margin, 0) then 'all that was sold came back'
    end as margin_note
from levels
