-- What dbt does for one model: its compiled query, in the columns of its contract.
insert into {{ relation }} ({% for column in columns %}{{ column | ident }}{% if not loop.last %}, {% endif %}{% endfor %})
select {% for column in columns %}{{ column | ident }}{% if not loop.last %}, {% endif %}{% endfor %}

from (
    {{ query }}
) as model;
