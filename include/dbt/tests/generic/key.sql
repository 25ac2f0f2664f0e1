{#
    The columns identify a row: none is null and no combination occurs twice. The rows are those of one tenant already
    (`get_where_subquery`), so its name in every group would only make the grouping dearer.

    `day` names the column that is a date where there are millions of rows, each the day of something else.
#}
{% test key(model, columns, day=none) %}
    {%- set grouped = columns | reject('equalto', 'tenant_id') | list or columns %}
    {{- rows_alike(model, grouped, day) }}
{% endtest %}
