-- A transient table with the columns of the landed rows.
create or replace temp table stage_{{ table | ident }} as
select
    {% for column in columns %}
    {{ column | ident }}{% if not loop.last %},{% endif %}

    {% endfor %}
from raw.{{ table | ident }}
limit 0;
