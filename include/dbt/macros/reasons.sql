{# Why an action is proposed, in figures, from the columns of int_actions_named; the words of one language. #}
{% macro action_reason(actions, language) -%}
    {%- set words = reason_words(language) -%}
    '{{ words.sold }} ' || {{ figure_text(actions ~ '.sold_4_weeks', 0, language) }}
    || ' {{ words.in_four }} ' || {{ figure_text(actions ~ '.sold_13_weeks', 0, language) }}
    || ' {{ words.in_thirteen }} ' || {{ figure_text(actions ~ '.free_stock', 0, language) }}
    || ' {{ words.in_stock }}, ' || {{ figure_text(actions ~ '.on_order', 0, language) }}
    || ' {{ words.on_order }}'
    || case
        when {{ actions }}.next_arrival_on is not null
            then ' {{ words.next_arrival }} ' || {{ day_text(actions ~ '.next_arrival_on', language) }}
        else ''
    end
    || '; {{ words.demand }} ' || {{ figure_text(actions ~ '.demand_units', 1, language) }}
    || ' {{ words.until }} ' || {{ day_text(actions ~ '.demand_until', language) }}
    || case
        when {{ actions }}.level_units is not null
            then ', {{ words.level }} ' || {{ figure_text(actions ~ '.level_units', 0, language) }}
        else ''
    end
    || case
        when {{ actions }}.forgone_units >= 0.05
            then
                '; {{ words.forgone }} ' || {{ figure_text(actions ~ '.forgone_units', 1, language) }}
                || ' {{ words.before_goods }}'
        else ''
    end
    || '. '
    || case
        when {{ actions }}.action = 'expedite' and {{ actions }}.arrives_on is null then '{{ words.unconfirmed }} '
        when {{ actions }}.action in ('expedite', 'cancel', 'reduce') and {{ actions }}.arrives_on is not null
            then '{{ words.arrives }} ' || {{ day_text(actions ~ '.arrives_on', language) }} || '. '
        else ''
    end
    || '{{ words.without }} '
    || case
        when {{ actions }}.action in ('mark down', 'cancel', 'reduce')
            then
                '{{ words.leave }}' || {{ figure_text(actions ~ '.units_at_stake', 1, language) }}
                || case
                    when {{ actions }}.value_at_stake is null then ' {{ words.units_left }}'
                    else
                        ' {{ words.left }} ' || {{ figure_text(actions ~ '.value_at_stake', 2, language) }}
                        || ' {{ words.at_cost }}'
                end
        else
            case
                when {{ actions }}.free_stock <= 0 then '{{ words.empty }} '
                when {{ actions }}.stock_out_on is not null
                    then
                        '{{ words.runs_out }} ' || {{ day_text(actions ~ '.stock_out_on', language) }}
                        || ' {{ words.and }} '
                else '{{ words.short }}'
            end
            || {{ figure_text(actions ~ '.units_at_stake', 1, language) }}
            || case
                when {{ actions }}.margin_at_risk is null then ' {{ words.units_missed }}'
                else
                    ' {{ words.missed }} ' || {{ figure_text(actions ~ '.margin_at_risk', 2, language) }}
                    || ' {{ words.of_margin }}'
            end
    end
    || case
        when {{ actions }}.action = 'order' and {{ actions }}.cost is null then ' {{ words.order_without_cost }}'
        when {{ actions }}.action = 'decide' and {{ actions }}.cost is null then ' {{ words.without_cost }}'
        when {{ actions }}.action in ('mark down', 'cancel', 'reduce') and {{ actions }}.value_at_stake is null
            then ' {{ words.without_cost }}'
        else ''
    end
    || case when {{ actions }}.is_minor then ' {{ words.minor }}' else '' end
{%- endmacro %}


{% macro reason_words(language) -%}
    {{ return({
        'en': {
            'sold': 'Sold', 'in_four': 'in the last 4 weeks and', 'in_thirteen': 'in 13;', 'in_stock': 'in stock',
            'on_order': 'on order', 'next_arrival': 'from', 'demand': 'demand', 'until': 'until', 'level': 'level',
            'forgone': 'of that', 'before_goods': 'are missed before goods can come, and not ordered',
            'unconfirmed': 'Overdue, and the supplier names no day.', 'arrives': 'It comes on', 'without': 'Without this,',
            'leave': '', 'left': 'units worth', 'at_cost': 'at purchase price are left over.', 'empty': 'the shelf stays empty and',
            'runs_out': 'it runs out on', 'and': 'and', 'missed': 'units with', 'of_margin': 'of margin are missed.',
            'units_left': 'units are left over.', 'without_cost': 'What they cost is not known.',
            'order_without_cost':
                'What they cost is not known: neither the budget nor the minimum of the supplier counts them.',
            'units_missed': 'units are missed.', 'short': '', 'minor': 'That is less than is worth the work.',
        },
        'de': {
            'sold': 'Verkauft:', 'in_four': 'in den letzten 4 Wochen,', 'in_thirteen': 'in 13;', 'in_stock': 'im Bestand',
            'on_order': 'bestellt', 'next_arrival': 'ab', 'demand': 'Bedarf', 'until': 'bis', 'level': 'Sollbestand',
            'forgone': 'davon fehlen', 'before_goods': 'vor dem Wareneingang und werden nicht bestellt',
            'unconfirmed': 'Überfällig, der Lieferant nennt keinen Tag.', 'arrives': 'Lieferung am', 'without': 'Sonst',
            'leave': 'bleiben ', 'left': 'Stück für', 'at_cost': 'Einkaufswert übrig.', 'empty': 'bleibt das Regal leer, und',
            'runs_out': 'ist es am', 'and': 'ausverkauft, und', 'missed': 'Stück mit', 'of_margin': 'Rohertrag fehlen.',
            'units_left': 'Stück übrig.', 'without_cost': 'Ihr Einkaufspreis ist nicht bekannt.',
            'order_without_cost':
                'Ihr Einkaufspreis ist nicht bekannt: Weder Budget noch Mindestbestellwert zählen sie.',
            'units_missed': 'Stück fehlen.', 'short': 'reicht es nicht, und ', 'minor': 'Das ist die Arbeit nicht wert.',
        },
    }[language]) }}
{%- endmacro %}


{# A number as it is written in a language. #}
{% macro figure_text(value, digits, language) -%}
    {%- set text = 'cast(cast(coalesce(' ~ value ~ ', 0) as decimal(18, ' ~ digits ~ ')) as varchar)' -%}
    {% if language == 'de' %}replace({{ text }}, '.', ','){% else %}{{ text }}{% endif %}
{%- endmacro %}


{# A day as it is written in a language. #}
{% macro day_text(day, language) -%}
    {%- set text = 'cast(' ~ day ~ ' as varchar)' -%}
    {% if language == 'de' -%}
        substr({{ text }}, 9, 2) || '.' || substr({{ text }}, 6, 2) || '.' || substr({{ text }}, 1, 4)
    {%- else -%}
        {{ text }}
    {%- endif %}
{%- endmacro %}
