-- Rows of a model in one order, so that a replay repeats itself.
select {% for column in columns %}{{ column | ident }}{% if not loop.last %}, {% endif %}{% endfor %}

from {{ relation }}
order by {% for key in keys %}{{ key | ident }}{% if not loop.last %}, {% endif %}{% endfor %};
