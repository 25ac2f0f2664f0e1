-- A table of this session alone, which a transaction fills. Created before the transaction: CREATE would end it.
create or replace temporary table {{ table | ident }} (
    {% for column in columns %}
    {{ column | ident }} {{ columns[column] }}{{ "," if not loop.last }}
    {% endfor %}
);
