{# Rows that have the same key as another, or none; see the test `key`. #}
{% macro rows_alike(model, columns, day) %}
    {{- return(adapter.dispatch('rows_alike', 'mercurios')(model, columns, day)) }}
{% endmacro %}


{% macro default__rows_alike(model, columns, day) %}
    select {{ columns | join(', ') }}
    from {{ model }}
    group by {{ columns | join(', ') }}
    having
        count(*) > 1
        {%- for column in columns %}
        or {{ column }} is null
        {%- endfor %}
{% endmacro %}


{# A month of days is one group: each day is a bit, and there are as many rows as bits unless one occurs twice. #}
{% macro duckdb__rows_alike(model, columns, day) %}
    {%- if not day %}
        {{- mercurios.default__rows_alike(model, columns, day) }}
    {%- else %}
    {%- set others = columns | reject('equalto', day) | join(', ') %}
    select {{ others }}, date_trunc('month', {{ day }}) as month_start
    from {{ model }}
    group by {{ others }}, date_trunc('month', {{ day }})
    having
        count(*) <> bit_count(bit_or(cast(1 as bigint) << day({{ day }})))
        or month_start is null
        {%- for column in columns | reject('equalto', day) %}
        or {{ column }} is null
        {%- endfor %}
    {%- endif %}
{% endmacro %}
