-- What people read of a relation and its columns where they browse the warehouse.
{% set name = (database ~ "." if database else "") ~ (schema | ident) ~ "." ~ (relation | ident) %}
{% if comment is not none %}
comment on {{ kind | ident }} {{ name }} is {{ comment | literal }};

{% endif %}
{% for column in columns %}
comment on column {{ name }}.{{ column | ident }} is {{ columns[column] | literal }};

{% endfor %}
