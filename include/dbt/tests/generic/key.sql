{#
    The columns identify a row: none is null and no combination occurs twice. The rows are those of one tenant already
    (`get_where_subquery`), so its name in every group would only make the grouping dearer.
#}
{% test key(model, columns) %}
    {%- set grouped = columns | reject('equalto', 'tenant_id') | list or columns %}
    select {{ grouped | join(', ') }}
    from {{ model }}
    group by {{ grouped | join(', ') }}
    having
        count(*) > 1
        {%- for column in grouped %}
        or {{ column }} is null
        {%- endfor %}
{% endtest %}
