-- A RAW table from the resource contract; a column the contract gained is added to a table that exists. The policy comes
-- with the table: there is no moment in which one tenant's reader sees another's rows.
create table if not exists raw.{{ table | ident }} (
    tenant_id varchar not null,
    {% for column in columns %}
    {{ column | ident }} {{ columns[column] }},
    {% endfor %}
    _extra variant,
    _content_hash varchar not null,
    _extracted_at timestamp_ntz not null,
    _run_id varchar not null,
    _loaded_at timestamp_ntz not null,
    _deleted_at timestamp_ntz
) with row access policy ops.tenant_rows on (tenant_id);

{% for column in missing %}
alter table raw.{{ table | ident }} add column if not exists {{ column | ident }} {{ columns[column] }};

{% endfor %}
