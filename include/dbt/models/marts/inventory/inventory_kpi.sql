{{ config(materialized='incremental') }}

with measures as (

    select * from {{ ref('inventory_measure') }}
    where tenant_id = {{ tenant_id() }}

),

articles as (

    select * from {{ ref('dim_article') }}
    where tenant_id = {{ tenant_id() }}

),

curves as (

    select * from {{ ref('size_curve') }}
    where tenant_id = {{ tenant_id() }}

),

described as (

    select
        measures.*,
        cast(coalesce(articles.category_number, 0) as varchar) as category_key,
        cast(coalesce(articles.supplier_number, 0) as varchar) as supplier_key,
        coalesce(curves.size, '') as size_key
    from measures
    left join articles
        on
            measures.tenant_id = articles.tenant_id
            and measures.article_number = articles.article_number
    left join curves
        on
            measures.tenant_id = curves.tenant_id
            and measures.article_number = curves.article_number
            and measures.article_size_number = curves.article_size_number

),

levels as (

    {% for level, key in [
        ('tenant', "''"), ('branch', 'cast(branch_number as varchar)'),
        ('category', 'category_key'), ('supplier', 'supplier_key'), ('size', 'size_key'),
        ('article', 'cast(article_number as varchar)'),
    ] -%}
    select
        tenant_id,
        '{{ level }}' as kpi_level,
        {{ key }} as kpi_key,
        {{ sums_of_measures() }}
    from described
    group by tenant_id{% if level != 'tenant' %}, {{ key }}{% endif %}
    {%- if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}

)

select
    tenant_id,
    kpi_level,
    kpi_key,
    positions,
    cast(positions_in_stock as bigint) as positions_in_stock,
    round(free_stock, 2) as free_stock,
    cast(stock_value as decimal(18, 2)) as stock_value,
    round({{ days_of_supply('free_stock', 'daily_units') }}, 4) as days_of_supply,
    round(average_stock, 4) as average_stock,
    cast(average_stock_value as decimal(18, 2)) as average_stock_value,
    case
        when average_stock_value > 0 and cost >= 0 then round(cost / average_stock_value, 6)
    end as turnover_rate,
    round(stock_out_days, 0) as stock_out_days,
    round(stock_out_spells, 0) as stock_out_spells,
    case
        when stock_out_days + days_in_stock > 0
            then round(stock_out_days / (stock_out_days + days_in_stock), 6)
    end as stock_out_rate,
    round(lost_units, 4) as lost_units,
    case
        when units_sold + lost_units > 0
            then round(greatest(units_sold, 0) / (greatest(units_sold, 0) + lost_units), 6)
    end as fill_rate,
    round(service_level, 6) as service_level_target,
    round(excess_units, 2) as excess_units,
    cast(excess_value as decimal(18, 2)) as excess_value,
    round(slow_units, 2) as slow_units,
    cast(slow_value as decimal(18, 2)) as slow_value,
    cast(dead_value as decimal(18, 2)) as dead_value,
    round(units_sold, 2) as units_sold,
    cast(revenue as decimal(18, 2)) as revenue,
    cast(margin as decimal(18, 2)) as margin,
    {{ margin_rate('margin', 'priced_revenue') }} as margin_rate,
    case
        when greatest(units_sold, 0) + free_stock > 0
            then round(greatest(units_sold, 0) / (greatest(units_sold, 0) + free_stock), 6)
    end as sell_through,
    case when average_stock_value > 0 then round(margin / average_stock_value, 6) end as gmroi,
    cast(revenue_net as decimal(18, 2)) as revenue_net,
    margin_note,
    {{ supply_note('daily_units', days_of_supply('free_stock', 'daily_units')) }} as supply_note,
    case
        when unvalued_articles > 0
            then {{ some_of('unvalued_articles', 'articles', 'articles: no purchase price') }}
    end as value_note
from levels
