-- Append the listed Parquet files, columns by name; a file that lacks a column or has another type is an error.
insert into {{ table }} ({% for column in columns %}{{ column | ident }}{% if not loop.last %}, {% endif %}{% endfor %})
select {% for column in columns %}{{ column | ident }}{% if not loop.last %}, {% endif %}{% endfor %}

from read_parquet(?, union_by_name = false);
