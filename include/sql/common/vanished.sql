-- After a complete enumeration: active rows of RAW that the source no longer shows. A row may have appeared behind the
-- enumeration's back, so one is judged only if RAW held it before the enumeration began, or if an older read brought it
-- and it had not changed since then by the source's own clock.
{{ fill_transient("vanished_" ~ table, ["id"]) }}
select target.id
from raw.{{ table | ident }} as target
where
    target.tenant_id = $tenant_id
    and target._deleted_at is null
    and (
        target._loaded_at < $read_at
        {% if cursor %}
        or (
            target._extracted_at < $read_at
            and coalesce(target.{{ cursor | ident }}, cast('0001-01-01' as {{ timestamp_type() }})) < $source_now
        )
        {% endif %}
    )
    and not exists (
        select 1
        from stage_{{ table | ident }} as staged
        where
            staged.tenant_id = $tenant_id
            and staged.id = target.id
    )
    and not exists (
        select 1
        from stage_keys as seen
        where seen.id = target.id
    );
