-- One MERGE by (tenant_id, id). A row that changes is deleted and written again: DuckDB writes every block that an
-- update touches anew, which for one changed row in a thousand is the whole table. A tombstone keeps its row and says
-- since when it is gone.
merge into raw.{{ table | ident }} as target
using (
    select
        *,
        false as is_old
    from candidate_{{ table | ident }}
    union all
    select
        candidates.*,
        true as is_old
    from candidate_{{ table | ident }} as candidates
    where exists (
        select 1
        from raw.{{ table | ident }} as present
        where
            present.tenant_id = candidates.tenant_id
            and present.id = candidates.id
    )
) as source
    on (
        source.is_old
        and target.tenant_id = source.tenant_id
        and target.id = source.id
    )
when matched then delete
when not matched and not source.is_old then insert (
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
