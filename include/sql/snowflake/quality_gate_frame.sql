-- Rows that a gate has kept, for the checks that do not hold: the columns that these read.
select
    {% for column in columns %}
    {{ column | ident }}{{ "," if not loop.last }}
    {% endfor %}
from gate_rows;
