-- What people read of a relation and its columns where they browse the warehouse. Each statement commits by itself.
{% set name = (schema | ident) ~ "." ~ (relation | ident) %}
{% if comment is not none %}
comment on {{ kind | ident }} {{ name }} is {{ comment | literal }};

{% endif %}
{% if columns %}
alter {{ kind | ident }} {{ name }} alter
    {% for column in columns %}
    column {{ column | ident }} comment {{ columns[column] | literal }}{{ "," if not loop.last else ";" }}
    {% endfor %}
{% endif %}
