-- A relation that the order formula reads or makes, in the types of its contract.
create table {{ relation }} (
    {% for column in columns %}
    {{ column | ident }} {{ columns[column] }}{% if not loop.last %},{% endif %}

    {% endfor %}
);
