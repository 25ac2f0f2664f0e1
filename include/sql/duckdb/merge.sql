-- One MERGE by (tenant_id, id). A row that changes is deleted and written again: DuckDB writes every block that an
-- update touches anew, which for one changed row in a thousand is the whole table. A tombstone keeps its row and says
-- since when it is gone; so does a row that a newer complete read had already missed, dated by that read.
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
    {% if column == '_extracted_at' %}
    case when source._is_gone then $missed_at else source._extracted_at end,
    {% else %}
    source.{{ column | ident }},
    {% endif %}
    {% endfor %}
    $loaded_at,
    case
        when source._is_gone then $loaded_at
        {% if tombstone %}
        when source.{{ tombstone | ident }} then $loaded_at
        {% endif %}
    end
);
