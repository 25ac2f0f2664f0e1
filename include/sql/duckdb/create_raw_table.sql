-- A RAW table from the resource contract; a column the contract gained is added to a table that exists.
create table if not exists raw.{{ table | ident }} (
    tenant_id varchar not null,
    {% for column in columns %}
    {{ column | ident }} {{ columns[column] }},
    {% endfor %}
    _extra varchar,
    _content_hash varchar not null,
    _extracted_at timestamp not null,
    _run_id varchar not null,
    _loaded_at timestamp not null,
    _deleted_at timestamp
);

{% for column in missing %}
alter table raw.{{ table | ident }} add column if not exists {{ column | ident }} {{ columns[column] }};

{% endfor %}
