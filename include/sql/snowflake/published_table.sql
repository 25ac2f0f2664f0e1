-- What readers see of a mart: a table of its own, which gains the columns that the mart has gained. The policy comes with
-- the table.
create table if not exists published.{{ table | ident }} (
    {% for column in columns %}
    {{ column | ident }} {{ columns[column] }}{{ "," if not loop.last }}
    {% endfor %}
) with row access policy policies.tenant_rows on (tenant_id);

{% for column in missing %}
alter table published.{{ table | ident }} add column if not exists {{ column | ident }} {{ columns[column] }};

{% endfor %}
