{#
    Quantile of the standard normal distribution for a probability of 0.5 or more: Abramowitz and Stegun, Handbook
    of Mathematical Functions, 26.2.23; the error is below 0.00045.
#}
{% macro normal_quantile(probability) -%}
    {%- set t = 'sqrt(-2 * ln(1 - ' ~ probability ~ '))' -%}
    (
        {{ t }} - (2.515517 + 0.802853 * {{ t }} + 0.010328 * {{ t }} * {{ t }})
        / (1 + 1.432788 * {{ t }} + 0.189269 * {{ t }} * {{ t }} + 0.001308 * {{ t }} * {{ t }} * {{ t }})
    )
{%- endmacro %}


{#
    A quantile between the three that are published, along the scale of the normal distribution, on which they are 0,
    0.8416 and 1.6449 standard deviations from the middle; beyond the last it goes on. Demand has a long upper tail, and
    a straight line would keep too much stock between two quantiles and too little beyond them.
#}
{% macro quantile_at(z, quantile_50, quantile_80, quantile_95) -%}
    {%- set lower = '(' ~ quantile_80 ~ ' - ' ~ quantile_50 ~ ')' -%}
    {%- set upper = '(' ~ quantile_95 ~ ' - ' ~ quantile_80 ~ ')' -%}
    case
        when {{ z }} <= 0.8416
            then {{ quantile_50 }} + {{ lower }} * {{ share_of_step(z ~ ' / 0.8416', lower, upper) }}
        else
            {{ quantile_80 }} + {{ upper }} * {{ share_of_step('(' ~ z ~ ' - 0.8416) / 0.8033', lower, upper) }}
    end
{%- endmacro %}


{#
    How much of a step between two quantiles is done after a share of it, when the next step is so much longer than the
    one before: of a geometric progression as in a log-normal distribution, of at most four times, else of a line.
#}
{% macro share_of_step(share, lower, upper) -%}
    {%- set growth = 'least(' ~ upper ~ ' / nullif(' ~ lower ~ ', 0), 4)' -%}
    case
        when {{ lower }} > 0 and {{ upper }} > 1.001 * {{ lower }}
            then (power({{ growth }}, {{ share }}) - 1) / ({{ growth }} - 1)
        else {{ share }}
    end
{%- endmacro %}


{#
    Weight of the forecast for the sum of the first `periods` weeks in that of a sum of `weeks` weeks, which need not be
    a whole number: a straight line between the two whole numbers beside it, from nothing in no time, and in proportion
    beyond the longest sum. Weights of rows, not a choice of two, so that one aggregate does it for any length.
#}
{% macro share_of_sum(weeks, periods, longest) -%}
    case
        when {{ weeks }} > {{ longest }} and {{ periods }} = {{ longest }} then {{ weeks }} / {{ longest }}
        else greatest(1 - abs({{ weeks }} - {{ periods }}), 0)
    end
{%- endmacro %}


{#
    Standard deviation of the demand of some weeks around a mean that was itself taken from the last `supply_weeks`: that
    of the weeks, which are independent, and that of the mean, which is wrong in all of them alike (Prak, Teunter and
    Syntetos 2017, On the calculation of safety stocks when demand is forecasted).
#}
{% macro deviation_around_average(deviation, weeks) -%}
    {{ deviation }} * sqrt({{ weeks }} * (1 + {{ weeks }} / {{ var('supply_weeks') }}))
{%- endmacro %}


{#
    How much of the spread at a service factor goods that end are worth. What they miss costs its margin, and what is left of
    them its purchase price, so the quantile is margin / (margin + cost) (the newsvendor's; Arrow, Harris and Marschak 1951,
    Optimal inventory policy). No more than the middle where one of them is not known.
#}
{% macro share_of_spread_at_the_end(unit_margin, unit_cost, service_factor) -%}
    case
        when {{ unit_margin }} > {{ unit_cost }} and {{ service_factor }} > 0
            then
                least(
                    {{ normal_quantile(
                        'least(' ~ unit_margin ~ ' / (' ~ unit_margin ~ ' + ' ~ unit_cost ~ '), 0.999)'
                    ) }} / {{ service_factor }},
                    1
                )
        else 0
    end
{%- endmacro %}


{# Units expected to be short when demand of this mean and standard deviation meets this stock; demand logistic. #}
{% macro expected_shortage(mean, deviation, stock) -%}
    case
        when {{ deviation }} <= 0 then greatest({{ mean }} - {{ stock }}, 0)
        when ({{ mean }} - {{ stock }}) / ({{ deviation }} * 0.551329) > 30 then {{ mean }} - {{ stock }}
        else {{ deviation }} * 0.551329 * ln(1 + exp(({{ mean }} - {{ stock }}) / ({{ deviation }} * 0.551329)))
    end
{%- endmacro %}


{#
    Units of an order line expected to be short between the arrival of goods ordered today and those of the next order,
    if no more than this stock is there: those short in the whole protection period, less those in the lead time.
#}
{% macro shortage_after_arrival(stock) -%}
    greatest(
        {{ expected_shortage('protection_units', 'protection_deviation', stock) }}
        - {{ expected_shortage('lead_units', 'lead_deviation', stock) }}, 0
    )
{%- endmacro %}


{# Days that units last at a pace; null where that is beyond the calendar. #}
{% macro days_of_supply(units, daily_units) -%}
    case
        when {{ daily_units }} > 0 and {{ units }} <= {{ daily_units }} * {{ var('calendar_days_ahead') }}
            then {{ units }} / {{ daily_units }}
    end
{%- endmacro %}


{# Why there is no day on which stock runs out, from the units expected to be sold and the days that it lasts. #}
{% macro supply_note(expected_units, days) -%}
    case
        when not {{ expected_units }} > 0 then 'no demand expected'
        when {{ days }} is null then 'lasts for years'
    end
{%- endmacro %}


{# The value of one setting among the resolved ones of a row. #}
{% macro setting(name) -%}
    max(case when setting = '{{ name }}' then setting_value end)
{%- endmacro %}


{#
    Whether the orders to a supplier are worth less than its minimum, from the columns of int_orders_ranked; null where those
    whose cost is known are, and with the others they may be worth enough.
#}
{% macro below_supplier_minimum(orders) -%}
    case
        when {{ orders }}.supplier_cost >= {{ orders }}.minimum_order_value then false
        when {{ orders }}.supplier_lines_without_cost = 0 then true
    end
{%- endmacro %}


{# How far an order may be trusted, from the columns of int_orders_ranked. #}
{% macro order_confidence(orders) -%}
    case
        when {{ orders }}.demand_source <> 'forecast' or {{ orders }}.lead_time_source = 'default' then 'low'
        when
            {{ orders }}.demand_class in ('smooth', 'erratic')
            and {{ orders }}.weeks_measured >= {{ var('supply_weeks') }}
            and {{ orders }}.lead_time_source in ('supplier', 'policy')
            and {{ orders }}.protection_deviation <= {{ orders }}.protection_units
            then 'high'
        else 'medium'
    end
{%- endmacro %}


{# Why a size is ordered, in one sentence, from the columns of int_orders_ranked. #}
{% macro order_reason(orders) -%}
    case
        when {{ orders }}.free_stock <= 0 and {{ orders }}.protection_units > 0 then 'Out of stock'
        when {{ orders }}.stock_out_on is not null
            then 'Runs out on ' || cast({{ orders }}.stock_out_on as varchar)
        when {{ orders }}.protection_units > 0 then 'Below its level'
        else 'Below what must be on display'
    end
    || '; until the order after this one can arrive in '
    || cast(cast(ceil({{ orders }}.lead_time_days + {{ orders }}.review_days) as bigint) as varchar)
    || ' days, '
    || cast(cast({{ orders }}.protection_units as decimal(18, 1)) as varchar)
    || ' are expected to sell and '
    || cast(cast({{ orders }}.reorder_point as bigint) as varchar)
    || ' make that safe, against '
    || cast(cast({{ orders }}.free_stock as decimal(18, 0)) as varchar)
    || ' in stock, '
    || cast(cast({{ orders }}.on_order_in_time as decimal(18, 0)) as varchar)
    || ' on order and '
    || cast(cast({{ orders }}.transferred_units as decimal(18, 0)) as varchar)
    || ' from other branches.'
    || case
        when {{ orders }}.on_order_if_expedited > 0
            then
                ' '
                || cast(cast({{ orders }}.on_order_if_expedited as decimal(18, 0)) as varchar)
                || ' more come in time if the supplier is asked for them.'
        else ''
    end
    || case
        when {{ orders }}.on_order > {{ orders }}.on_order_in_time + {{ orders }}.on_order_if_expedited
            then
                ' '
                || cast(cast(
                    {{ orders }}.on_order - {{ orders }}.on_order_in_time - {{ orders }}.on_order_if_expedited
                    as decimal(18, 0)
                ) as varchar)
                || ' more on order come too late for it, or are overdue and not confirmed.'
        else ''
    end
    || case
        when {{ orders }}.forgone_units >= 0.05
            then
                ' '
                || cast(cast({{ orders }}.forgone_units as decimal(18, 1)) as varchar)
                || ' will be missed before goods can come, and are not ordered.'
        else ''
    end
    || case
        when {{ orders }}.unit_cost is null
            then ' What it costs is not known: neither the budget nor the minimum of its supplier counts it.'
        else ''
    end
{%- endmacro %}


{# Who says a pack or a minimum of replenishment_policy: the tenant file, past orders, or no one. #}
{% macro source_of_quantity(name) -%}
    case
        when settings.{{ name }} is not null then 'policy'
        when packs.{{ name }} is not null then 'learned'
        else 'none'
    end
{%- endmacro %}


{#
    Units of a size expected to be sold in so many days from today, over the rows of demand_outlook joined to a row that
    has horizon_days, daily_units_after_horizon and size_share. Behind the outlook demand goes on as at its end.
#}
{% macro demand_within(days, sized, outlook) -%}
    max({{ sized }}.size_share) * (
        sum(
            {{ outlook }}.mean / 7
            * least({{ outlook }}.day_count, greatest({{ days }} - {{ outlook }}.first_day, 0))
        )
        + max({{ sized }}.daily_units_after_horizon * greatest({{ days }} - {{ sized }}.horizon_days, 0))
    )
{%- endmacro %}


{#
    Days until an article must be marked down, from the columns of markdown_candidate. With a season that goes on: its days
    less those that the leftover takes at the pace of the outlook; without a sale they are over. Without one: until holding
    the leftover has cost action_value, a year at most.
#}
{% macro days_until_markdown() -%}
    case
        when has_term and expected_units > 0
            then floor(greatest(days_left - 1 - leftover_units * days_left / expected_units, 0))
        when has_term then 0
        when leftover_value > 0
            then floor(least(action_value * 365 / (leftover_value * holding_rate), 365))
        else 365
    end
{%- endmacro %}
