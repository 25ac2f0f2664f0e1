{# How merchandise systems write "no value": '' for text, 0 for a number that refers to something, 1990-01-01 for a date. The other days
   are those with which systems on the way say the same; a test compares them with what passes where rows are typed. #}

{% macro text_or_null(column) -%}
    nullif(trim({{ column }}), '')
{%- endmacro %}

{% macro reference_or_null(column) -%}
    nullif({{ column }}, 0)
{%- endmacro %}

{% macro date_or_null(column) -%}
    {%- set no_days = [
        '0001-01-01', '1753-01-01', '1899-12-30', '1899-12-31', '1900-01-01', '1990-01-01', '9999-12-31'
    ] -%}
    case
        when {{ column }} not in (
            {%- for day in no_days %}
            cast('{{ day }}' as date) {%- if not loop.last %}, {%- endif %}
            {%- endfor %}
        ) then {{ column }}
    end
{%- endmacro %}

{# RAW keeps what was deleted at the source; `has_flag` is false for the collections that carry no deletion flag. #}
{% macro is_live(has_flag=true) -%}
    _deleted_at is null {%- if has_flag %} and not coalesce(is_deleted, false) {%- endif %}
{%- endmacro %}


{# For `qualify`: the row that counts when several carry the same business key. #}
{% macro is_newest(key, id) -%}
    row_number() over (
        partition by {{ key }}
        order by last_changed_at desc nulls last, {{ id }}
    ) = 1
{%- endmacro %}


{# The parts that are not null, with a blank between them; null when there are none. concat_ws treats nulls differently on each engine. #}
{% macro joined_text(parts) -%}
    nullif(trim(
        {%- for part in parts %}
        coalesce({{ part }} || ' ', '') {%- if not loop.last %} || {%- endif %}
        {%- endfor %}
    ), '')
{%- endmacro %}
