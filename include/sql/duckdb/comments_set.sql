-- What people read of a relation and its columns where they browse the warehouse.
{% if comment is not none %}
comment on {{ kind }} {% if database %}{{ database | ident }}.{% endif %}{{ schema | ident }}.{{ table | ident }} is {{ comment | literal }};

{% endif %}
{% for column in columns %}
comment on column {% if database %}{{ database | ident }}.{% endif %}{{ schema | ident }}.{{ table | ident }}.{{ column | ident }} is {{ columns[column] | literal }};

{% endfor %}
