-- What people read of a relation and its columns where they browse the warehouse. Each statement commits by itself.
{% if comment is not none %}
comment on {{ kind }} {{ schema | ident }}.{{ table | ident }} is {{ comment | literal }};

{% endif %}
{% if columns %}
alter {{ kind }} {{ schema | ident }}.{{ table | ident }} alter
    {% for column in columns %}
    column {{ column | ident }} comment {{ columns[column] | literal }}{{ "," if not loop.last else ";" }}
    {% endfor %}
{% endif %}
