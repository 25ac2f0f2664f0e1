{# Monday is 1 and Sunday 7, whatever the session's week parameters say. #}
{% macro iso_weekday(date) -%}
    {{ return(adapter.dispatch('iso_weekday', 'mercurios')(date)) }}
{%- endmacro %}

{% macro default__iso_weekday(date) -%}
    isodow({{ date }})
{%- endmacro %}

{% macro snowflake__iso_weekday(date) -%}
    dayofweekiso({{ date }})
{%- endmacro %}


{% macro iso_week(date) -%}
    {{ return(adapter.dispatch('iso_week', 'mercurios')(date)) }}
{%- endmacro %}

{% macro default__iso_week(date) -%}
    weekofyear({{ date }})
{%- endmacro %}

{% macro snowflake__iso_week(date) -%}
    weekiso({{ date }})
{%- endmacro %}


{# The week belongs to the year its Thursday lies in. #}
{% macro iso_year(date) -%}
    year({{ add_days(week_start(date), 3) }})
{%- endmacro %}


{# Monday of the week. Not date_trunc('week'), whose first day is a session parameter on Snowflake. #}
{% macro week_start(date) -%}
    {{ add_days(date, '1 - ' ~ iso_weekday(date)) }}
{%- endmacro %}


{% macro add_days(date, days) -%}
    {{ return(adapter.dispatch('add_days', 'mercurios')(date, days)) }}
{%- endmacro %}

{% macro default__add_days(date, days) -%}
    ({{ date }} + cast({{ days }} as integer))
{%- endmacro %}

{% macro snowflake__add_days(date, days) -%}
    cast(dateadd(day, {{ days }}, {{ date }}) as date)
{%- endmacro %}


{# The day's local time, so many seconds after midnight. #}
{% macro timestamp_at(date, seconds) -%}
    {{ dbt.dateadd('second', seconds, 'cast(' ~ date ~ ' as timestamp)') }}
{%- endmacro %}


{# One column `n` with 0 .. count - 1, for spines of days and weeks. #}
{% macro integers(count) -%}
    select
        ones.digit
        {%- for power in range(1, (count - 1) | string | length) %}
        + {{ 10 ** power }} * tens_{{ power }}.digit
        {%- endfor %} as n
    from ({{ digits() }}) as ones
    {%- for power in range(1, (count - 1) | string | length) %}
    cross join ({{ digits() }}) as tens_{{ power }}
    {%- endfor %}
    where n < {{ count }}
{%- endmacro %}


{% macro digits() -%}
    {%- for digit in range(10) -%}
        select {{ digit }} as digit {% if not loop.last %} union all {% endif %}
    {%- endfor -%}
{%- endmacro %}
