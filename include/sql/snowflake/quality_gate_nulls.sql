-- The share of nulls among all values that a gate has kept.
select
    cast(
        {{ columns | length }} * count(*)
        {% for column in columns %}
        - count({{ column | ident }})
        {% endfor %}
        as double
    ) / nullif(cast({{ columns | length }} * count(*) as double), 0) as null_share
from gate_rows;
