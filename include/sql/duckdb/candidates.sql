-- The rows that will change RAW: of several versions of one key the newest, and only where RAW holds nothing
-- newer and nothing equal. What a read that began after RAW's version was loaded shows is always newer, even with
-- an older cursor (a restored backup, the doubled hour of autumn). A key that RAW holds as deleted comes back,
-- but not through a read that is older than the one that missed it. A key that RAW has never held and that a newer
-- complete read did not show was gone by then: `_is_gone` says so. The table only points at rows, at the staged one and
-- at the one it replaces, so that millions of candidates take little memory; only keys that come more than once are put
-- in order, and nearly none do.
create or replace temp table candidate_{{ table | ident }} as
{% set narrow %}
        staged._staged_file,
        staged._staged_row,
        staged.tenant_id,
        staged.id,
        {% if cursor %}
        staged.{{ cursor | ident }},
        {% endif %}
        {% if tombstone %}
        staged.{{ tombstone | ident }},
        {% endif %}
        staged._extracted_at,
        staged._content_hash
{% endset %}
with repeated as (
    select
        tenant_id,
        id
    from stage_{{ table | ident }}
    group by
        tenant_id,
        id
    having count(*) > 1
),

newest as (
    select
{{ narrow }}
    from stage_{{ table | ident }} as staged
    where
        not exists (
            select 1
            from repeated
            where
                staged.tenant_id = repeated.tenant_id
                and staged.id = repeated.id
        )
    union all
    select
{{ narrow }}
    from stage_{{ table | ident }} as staged
    inner join repeated
        on
            staged.tenant_id = repeated.tenant_id
            and staged.id = repeated.id
    qualify row_number() over (
        partition by staged.tenant_id, staged.id
        order by
            {% if cursor %}
            staged.{{ cursor | ident }} desc nulls last,
            {% endif %}
            staged._extracted_at desc,
            staged._content_hash
    ) = 1
)

select
    newest._staged_file,
    newest._staged_row,
    target.rowid as _present_row,
    {% if cursor %}
    newest.{{ cursor | ident }},
    {% endif %}
    coalesce(
        target.id is null
        and newest._extracted_at < $missed_at
        {% if cursor %}
        and coalesce(newest.{{ cursor | ident }}, timestamp '0001-01-01') < $missed_source_now
        {% endif %},
        false
    ) as _is_gone
from newest
left join raw.{{ table | ident }} as target
    on
        newest.tenant_id = target.tenant_id
        and newest.id = target.id
where
    target.id is null
    or (
        (
            newest._content_hash <> target._content_hash
            or (
                target._deleted_at is not null
                {% if tombstone %}
                and not coalesce(newest.{{ tombstone | ident }}, false)
                {% endif %}
            )
        )
        and (
            {% if cursor %}
            newest._extracted_at >= target._loaded_at
            or (
                newest._extracted_at >= target._extracted_at
                and coalesce(newest.{{ cursor | ident }}, timestamp '0001-01-01')
                >= coalesce(target.{{ cursor | ident }}, timestamp '0001-01-01')
            )
            or (
                coalesce(newest.{{ cursor | ident }}, timestamp '0001-01-01')
                > coalesce(target.{{ cursor | ident }}, timestamp '0001-01-01')
                and (
                    target._deleted_at is null
                    {% if tombstone %}
                    or coalesce(target.{{ tombstone | ident }}, false)
                    {% endif %}
                )
            )
            {% else %}
            newest._extracted_at >= target._extracted_at
            {% endif %}
        )
    );
