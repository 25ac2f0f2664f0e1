{#
    What an article is, from the columns of int_article_kinds: what the tenant file says of it, of its supplier or of
    its category; then what the source declares.
#}
{% macro article_kind() -%}
    coalesce(
        {%- for scope in ['article', 'supplier', 'category'] %}
        max(case when settings.scope = '{{ scope }}' then settings.setting_value end),
        {%- endfor %}
        max(case when named.is_service then 'service' end),
        max(case when named.is_consignment then 'consignment' end),
        'merchandise'
    )
{%- endmacro %}


{# The kinds of articles that are goods: they are stocked, forecast and ordered. #}
{% macro goods_kinds() -%}
    ('merchandise', 'consignment')
{%- endmacro %}


{#
    What a receipt line is, from the columns of int_sales_classified; the first that holds. A price counts as mistyped
    against the article's own label price, so a line of an unknown article has none to be compared with.
#}
{% macro line_kind() -%}
    case
        when sales.is_reversed then 'reversal'
        when articles.article_kind = 'voucher' then 'voucher'
        when articles.article_kind = 'service' then 'service'
        when
            sales.units is null
            or sales.units = 0
            or sales.paid_amount is null
            or sales.units * sales.paid_amount < 0
            then 'unclassified'
        when sales.paid_amount = 0 then 'write-off'
        when
            abs(sales.units) >= limits.units
            or abs(sales.paid_amount) >= limits.price_factor * nullif(articles.label_price, 0) * abs(sales.units)
            then 'keying error'
        when sales.is_staff_purchase and sales.units < 0 then 'staff return'
        when sales.is_staff_purchase then 'staff purchase'
        when articles.article_kind = 'consignment' then 'consignment'
        when sales.units < 0 then 'return'
        else 'sale'
    end
{%- endmacro %}


{# The kinds of lines that are sales of goods, returns included: the only ones that figures of sales count. #}
{% macro sales_kinds() -%}
    ('sale', 'return', 'staff purchase', 'staff return', 'consignment')
{%- endmacro %}


{# The kinds of lines that move stock without a sale or a return. #}
{% macro correction_kinds() -%}
    ('write-off', 'keying error', 'unclassified')
{%- endmacro %}
