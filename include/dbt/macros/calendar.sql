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


{#
    The year of every figure that has one: the last `year_weeks` complete weeks, from a Monday to a Sunday. It has as many
    days of each weekday as the year before it, and no day of it is still going on. `as_of` is int_tenant_as_of.
#}
{% macro year_begins_on(as_of='as_of') -%}
    {{ add_days(week_start(as_of ~ '.as_of_date'), '-7 * ' ~ var('year_weeks')) }}
{%- endmacro %}

{% macro year_ends_before(as_of='as_of') -%}
    {{ week_start(as_of ~ '.as_of_date') }}
{%- endmacro %}

{% macro in_year(date, as_of='as_of') -%}
    ({{ date }} >= {{ year_begins_on(as_of) }} and {{ date }} < {{ year_ends_before(as_of) }})
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


{# So many of a unit after an instant. #}
{% macro later_by(instant, unit, count) -%}
    {{ dbt.dateadd(unit, count, instant) }}
{%- endmacro %}


{# The UTC instant of a local time. #}
{% macro utc_of(local, time_zone) -%}
    {{ return(adapter.dispatch('utc_of', 'mercurios')(local, time_zone)) }}
{%- endmacro %}

{% macro default__utc_of(local, time_zone) -%}
    (({{ local }} at time zone {{ time_zone }}) at time zone 'UTC')
{%- endmacro %}

{% macro snowflake__utc_of(local, time_zone) -%}
    convert_timezone({{ time_zone }}, 'UTC', {{ local }})
{%- endmacro %}


{# The local day of a UTC instant. #}
{% macro local_day(instant, time_zone) -%}
    {{ return(adapter.dispatch('local_day', 'mercurios')(instant, time_zone)) }}
{%- endmacro %}

{% macro default__local_day(instant, time_zone) -%}
    cast(({{ instant }} at time zone 'UTC') at time zone {{ time_zone }} as date)
{%- endmacro %}

{% macro snowflake__local_day(instant, time_zone) -%}
    cast(convert_timezone('UTC', {{ time_zone }}, {{ instant }}) as date)
{%- endmacro %}


{#
    When something of a known time came into the books: when it was last written, if that was soon after. A later
    change of the row says nothing of it, so then it is the time itself.
#}
{% macro booked_at(happened_at, last_changed_at, hours) -%}
    case
        when
            {{ last_changed_at }} >= {{ later_by(happened_at, 'hour', -1) }}
            and {{ last_changed_at }} < {{ later_by(happened_at, 'hour', hours) }}
            then {{ last_changed_at }}
        else {{ happened_at }}
    end
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
