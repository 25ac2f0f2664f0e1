{# The sums of a group of rows of inventory_measure that key figures are made of. #}
{% macro sums_of_measures() -%}
    count(*) as positions,
    sum(case when free_stock > 0 then 1 else 0 end) as positions_in_stock,
    {#- Decimals: their sum is the same in whatever order an engine adds. #}
    {%- for measure in [
        'units_sold', 'revenue', 'revenue_net', 'priced_revenue', 'average_stock',
        'days_in_stock', 'stock_out_spells', 'stock_out_days', 'lost_units', 'daily_units', 'excess_units', 'slow_units',
    ] %}
    cast(sum(cast({{ measure }} as decimal(18, 6))) as double) as {{ measure }},
    {%- endfor %}
    {%- for worth in ['average_stock_value', 'stock_value', 'excess_value', 'slow_value', 'dead_value', 'cost'] %}
    {{ worth_of_group(worth) }} as {{ worth }},
    {%- endfor %}
    count(distinct case when free_stock > 0 or average_stock > 0 then article_number end) as articles,
    count(distinct case when stock_value is null or average_stock_value is null then article_number end)
        as unvalued_articles,
    cast(sum(cast(greatest(free_stock, 0) as decimal(18, 6))) as double) as free_stock,
    avg(service_level) as service_level,
    {{ margin_of_counted_lines() }} as margin,
    {{ margin_note_of_counted_lines() }} as margin_note
{%- endmacro %}
