{#
    The columns of an action: its name, and what is given of the rest, or all of a relation; what is not given is null. The
    one list of what every action says.
#}
{% macro action_columns(action, given) -%}
    {%- set types = {
        'article_size_number': 'bigint', 'branch_number': 'bigint', 'from_branch_number': 'bigint',
        'order_line_id': 'varchar', 'order_id': 'varchar', 'units': 'double', 'cost': 'double',
        'units_at_stake': 'double', 'margin_at_risk': 'double', 'value_at_stake': 'double', 'due_on': 'date',
        'arrives_on': 'date', 'demand_units': 'double', 'demand_until': 'date', 'level_units': 'double',
        'forgone_units': 'double',
    } -%}
    {{ action }} as action
    {%- for name, type in types.items() %},
    cast({{ given ~ '.' ~ name if given is string else given.get(name, 'null') }} as {{ type }}) as {{ name }}
    {%- endfor %}
{%- endmacro %}
