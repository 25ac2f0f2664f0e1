-- One MERGE by (tenant_id, id). A tombstone keeps its row and says since when it is gone.
merge into raw.{{ table | ident }} as target
using candidate_{{ table | ident }} as source
    on (
        target.tenant_id = source.tenant_id
        and target.id = source.id
    )
when matched then update set
    {% for column in columns if column not in ("tenant_id", "id") %}
    {{ column | ident }} = source.{{ column | ident }},
    {% endfor %}
    _loaded_at = $loaded_at,
    _deleted_at = {% if tombstone %}case when source.{{ tombstone | ident }} then $loaded_at end{% else %}null{% endif %}

when not matched then insert (
    {% for column in columns %}
    {{ column | ident }},
    {% endfor %}
    _loaded_at,
    _deleted_at
) values (
    {% for column in columns %}
    source.{{ column | ident }},
    {% endfor %}
    $loaded_at,
    {% if tombstone %}case when source.{{ tombstone | ident }} then $loaded_at end{% else %}null{% endif %}

);
