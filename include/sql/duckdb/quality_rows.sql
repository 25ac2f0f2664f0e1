-- What a gate reads of a table: the columns its checks need, of one run or of all. A tenant has this file to itself,
-- so rows are not filtered by tenant: a row of another tenant must be seen to be refused.
select
    {% for column in columns %}
    {{ column | ident }}{{ "," if not loop.last }}
    {% endfor %}
from {{ schema | ident }}.{{ table | ident }}
{% if run_rows_only %}
where _run_id = $run_id
{% endif %};
