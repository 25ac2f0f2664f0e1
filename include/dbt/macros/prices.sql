{# An amount without the tax that it holds, to the cent; halves go away from zero on every engine. #}
{% macro net_of_tax(amount, rate) -%}
    cast(
        round(
            cast({{ amount }} as double) / (1 + cast({{ rate }} as double))
            + case when {{ amount }} < 0 then -1e-7 else 1e-7 end,
            2
        ) as decimal(18, 2)
    )
{%- endmacro %}


{# A cost in the tenant's currency, after what order lines took off it. #}
{% macro cost_in_tenants_currency(cost, factor, exchange_rate) -%}
    case
        when {{ factor }} = 1 and {{ exchange_rate }} = 1 then nullif({{ cost }}, 0)
        else cast(
            nullif({{ cost }}, 0)
            * cast(cast({{ factor }} as double) * cast({{ exchange_rate }} as double) as decimal(18, 8))
            as decimal(18, 2)
        )
    end
{%- endmacro %}


{# Why a line has no margin, from the columns of int_sales_priced; null where it has one. #}
{% macro margin_note(cost) -%}
    case
        when includes_tax is null then 'no price basis'
        when includes_tax and tax_number is null then 'no tax number'
        when includes_tax and tax_rate is null then 'no rate of tax number ' || cast(tax_number as varchar)
        when coalesce({{ cost }}, 0) = 0 then 'no cost'
        when exchange_rate is null then 'no rate of exchange for ' || currency_code
        when cost_factor is null then 'no net purchase price'
    end
{%- endmacro %}


{# How many of something a figure leaves out, such as `3 of 120 lines: no cost`; `what` is what they are, and may say why. #}
{% macro some_of(count, whole, what) -%}
    cast({{ count }} as varchar) || ' of ' || cast({{ whole }} as varchar) || ' {{ what }}'
{%- endmacro %}


{# The first of the reasons of rows, by the alphabet, and whether there are others; null without any. #}
{% macro first_reason(reason) -%}
    min({{ reason }})
    || case
        when min({{ reason }}) <> max({{ reason }}) and min({{ reason }}) not like '%, and others' then ', and others'
        else ''
    end
{%- endmacro %}


{# The issue of a line without a margin: its note, without what differs from line to line. #}
{% macro margin_issue() -%}
    case
        when margin_note = 'no price basis' then margin_note
        when margin_note = 'no cost' then 'sale without cost'
        when margin_note = 'no net purchase price' then 'sale without net purchase price'
        when margin_note like 'no rate of exchange%' then 'sale without rate of exchange'
        else 'sale without tax rate'
    end
{%- endmacro %}


{# Revenue without tax of the lines that have a margin: what a margin rate divides by. #}
{% macro priced_revenue(lines='true') -%}
    sum(case when {{ lines }} and margin is not null then revenue_net end)
{%- endmacro %}


{# The margin of lines: of those that have one; null where none has, 0 where there are no lines. #}
{% macro margin_of(lines='true') -%}
    case
        when count(case when {{ lines }} then 1 end) = 0 then 0
        else sum(case when {{ lines }} then margin end)
    end
{%- endmacro %}


{# How many lines a margin leaves out, and why; null where it has all. #}
{% macro margin_note_of(lines='true') -%}
    case
        when count(case when {{ lines }} and margin is null then 1 end) > 0
            then
                {{ some_of(
                    'count(case when ' ~ lines ~ ' and margin is null then 1 end)',
                    'count(case when ' ~ lines ~ ' then 1 end)',
                    'lines: ',
                ) }}
                || coalesce({{ first_reason('case when ' ~ lines ~ ' then margin_note end') }}, 'no margin')
    end
{%- endmacro %}


{# The same of rows that have counts of lines: a group in which no line has a margin has none, which is not 0. #}
{% macro margin_of_counted_lines() -%}
    case
        when sum(line_count) = 0 or sum(unpriced_lines) < sum(line_count)
            then cast(sum(cast(margin as decimal(18, 6))) as double)
    end
{%- endmacro %}


{% macro margin_note_of_counted_lines() -%}
    case
        when sum(unpriced_lines) > 0
            then
                {{ some_of('cast(sum(unpriced_lines) as bigint)', 'cast(sum(line_count) as bigint)', 'lines: ') }}
                || coalesce({{ first_reason('margin_note') }}, 'no margin')
    end
{%- endmacro %}


{# Margin / revenue without tax; null without revenue, or where as much cost came back as was sold, or more. #}
{% macro margin_rate(margin, revenue) -%}
    case
        when {{ revenue }} > 0 and {{ margin }} < {{ revenue }}
            then round(cast({{ margin }} as double) / cast({{ revenue }} as double), 6)
    end
{%- endmacro %}


{# What units are worth at a price: null where it is not known, but 0 of no units. #}
{% macro worth_of(units, price) -%}
    case when {{ units }} = 0 then 0 else {{ units }} * {{ price }} end
{%- endmacro %}


{# The worth of a group, of the rows whose price is known; null where units have a worth and none of them is known. #}
{% macro worth_of_group(worth) -%}
    case
        when count({{ worth }}) = count(*) or count(case when {{ worth }} > 0 then 1 end) > 0
            then cast(sum(cast({{ worth }} as decimal(18, 6))) as double)
    end
{%- endmacro %}


{# A part of a whole, from 0 to 1; null where there is no whole, or more came back than was sold of either. #}
{% macro share_of(part, whole) -%}
    case
        when {{ whole }} > 0 and {{ part }} between 0 and {{ whole }}
            then round(cast({{ part }} as double) / cast({{ whole }} as double), 6)
    end
{%- endmacro %}


{# The price tier of a label price, from the cheapest up. #}
{% macro price_tier(price) -%}
    case
        when coalesce({{ price }}, 0) <= 0 then 'no price'
        {%- for tier in ['budget', 'economy', 'standard', 'premium'] %}
        when {{ price }} <= {{ var('price_up_to_' ~ tier) }} then '{{ tier }}'
        {%- endfor %}
        else 'luxury'
    end
{%- endmacro %}


{#
    Why a rate of a group of lines is null: the first reason that holds, null where all are known or margin_note says why.
    The columns of `sums` are revenue, discount, margin, priced_revenue and, where it is asked for, staff_revenue.
#}
{% macro rate_note(sums, of_staff=false) -%}
    case
        when {{ sums }}.revenue < 0 then 'more came back than was sold'
        when {{ sums }}.discount < 0 then 'more discounts came back than were given'
        {%- if of_staff %}
        when {{ sums }}.staff_revenue is null then 'the source names no staff purchases'
        when not {{ sums }}.staff_revenue between 0 and {{ sums }}.revenue
            then 'more staff purchases came back than were made, or goods than others bought'
        {%- endif %}
        when {{ sums }}.revenue = 0 then 'nothing was paid'
        when {{ sums }}.priced_revenue <= 0 or {{ sums }}.margin >= {{ sums }}.priced_revenue
            then 'more cost came back than was sold'
    end
{%- endmacro %}


{# Why a branch's month has no share of staff, from all_staff_receipts, staff_revenue and revenue. #}
{% macro staff_note(month) -%}
    case
        when {{ month }}.all_staff_receipts = 0 then 'the source names no staff purchases'
        when {{ month }}.revenue < 0 then 'more came back than was sold'
        when {{ month }}.revenue = 0 then 'nothing was paid'
        when not {{ month }}.staff_revenue between 0 and {{ month }}.revenue
            then 'more staff purchases came back than were made, or goods than others bought'
    end
{%- endmacro %}
