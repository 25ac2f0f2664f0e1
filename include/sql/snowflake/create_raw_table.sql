-- A RAW table from the resource contract; a column the contract gained is added to a table that exists. Policies come
-- with table and column: there is no moment in which a reader sees another tenant's rows or who a person is.
create table if not exists raw.{{ table | ident }} (
    tenant_id varchar not null,
    {% for column in columns %}
    {{ column | ident }} {{ columns[column] }}{% if column in masks %} with masking policy ops.{{ masks[column] | ident }}{% endif %},
    {% endfor %}
    _extra variant,
    _content_hash varchar not null,
    _extracted_at timestamp_ntz not null,
    _run_id varchar not null,
    _loaded_at timestamp_ntz not null,
    _deleted_at timestamp_ntz
) with row access policy ops.tenant_rows on (tenant_id);

{% for column in missing %}
alter table raw.{{ table | ident }} add column if not exists {{ column | ident }} {{ columns[column] }}{% if column in masks %} with masking policy ops.{{ masks[column] | ident }}{% endif %};

{% endfor %}
