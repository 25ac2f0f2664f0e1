-- Every candidate is written as it was landed, in place of the row it replaces. A tombstone keeps its row and says since
-- when it is deleted; so does a row that a newer complete read had already missed, dated by that read.
merge into raw.{{ table | ident }} as target
using (
    select
        {% for column in columns if column not in ('_extra', '_extracted_at') %}
        {{ column | ident }},
        {% endfor %}
        parse_json(_extra) as _extra,
        case when _is_missing then cast($missed_at as timestamp_ntz) else _extracted_at end as _extracted_at,
        cast($loaded_at as timestamp_ntz) as _loaded_at,
        case
            when _is_missing then cast($loaded_at as timestamp_ntz)
            {% if tombstone %}
            when {{ tombstone | ident }} then cast($loaded_at as timestamp_ntz)
            {% endif %}
        end as _deleted_at
    from candidate_{{ table | ident }}
    where tenant_id = $tenant_id
) as source
    on
        target.tenant_id = source.tenant_id
        and target.id = source.id
when matched then
    update set
        {% for column in columns if column not in ('tenant_id', 'id') %}
        target.{{ column | ident }} = source.{{ column | ident }},
        {% endfor %}
        target._loaded_at = source._loaded_at,
        target._deleted_at = source._deleted_at
when not matched then
    insert (
        {% for column in columns %}
        {{ column | ident }},
        {% endfor %}
        _loaded_at,
        _deleted_at
    )
    values (
        {% for column in columns %}
        source.{{ column | ident }},
        {% endfor %}
        source._loaded_at,
        source._deleted_at
    );
