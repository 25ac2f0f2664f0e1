-- A RAW table from the resource contract; a column the contract gained is added to a table that exists. Policies, where an
-- engine has them, come with table and column: there is no moment in which a reader sees another tenant's rows or who a
-- person is.
create table if not exists raw.{{ table | ident }} (
    tenant_id varchar not null,
    {% for column in columns %}
    {{ column | ident }} {{ columns[column] }}{% if column in masks %} {{ masking_policy(masks[column]) }}{% endif %},
    {% endfor %}
    _extra {{ json_type() }}{% if '_extra' in masks %} {{ masking_policy(masks['_extra']) }}{% endif %},
    _content_hash varchar not null,
    _extracted_at {{ timestamp_type() }} not null,
    _run_id varchar not null,
    _loaded_at {{ timestamp_type() }} not null,
    _deleted_at {{ timestamp_type() }}
) {{ row_access_policy() }};

{% for column in missing %}
alter table raw.{{ table | ident }} add column if not exists {{ column | ident }} {{ columns[column] }}{% if column in masks %} {{ masking_policy(masks[column]) }}{% endif %};

{% endfor %}
