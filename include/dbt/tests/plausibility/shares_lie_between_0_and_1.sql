{# Measures whose unit is `share` (measures.yml), but margin rates, which a loss makes negative. #}
{% for mart, share in [
    ('article_class', 'revenue_share'),
    ('branch_performance', 'return_rate'),
    ('inventory_kpi', 'fill_rate'),
    ('inventory_kpi', 'sell_through'),
    ('inventory_kpi', 'service_level_target'),
    ('inventory_kpi', 'stock_out_rate'),
    ('markdown_candidate', 'sell_through_ever'),
    ('product_profitability', 'discount_rate'),
    ('replenishment_policy', 'service_level'),
    ('size_curve', 'group_share'),
    ('size_curve', 'size_share'),
    ('supplier_lead_time', 'delivered_share'),
] %}
select
    '{{ mart }}' as mart,
    '{{ share }}' as measure,
    min({{ share }}) as lowest,
    max({{ share }}) as highest
from {{ ref(mart) }}
where tenant_id = {{ tenant_id() }}
having
    min({{ share }}) < 0
    or max({{ share }}) > 1
{% if not loop.last %}
union all
{% endif %}
{% endfor %}
