-- The rows that will change RAW: of several versions of one key the newest, and only where RAW holds nothing
-- newer and nothing equal. What a read that began after RAW's version was loaded shows is always newer, even with
-- an older cursor (a restored backup, the doubled hour of autumn). A key that RAW holds as deleted comes back,
-- but not through a read that is older than the one that missed it. A key that RAW has never held and that a newer
-- complete read did not show was deleted by then: `_is_missing` says so. Most rows are new to RAW and come once. The table
-- holds the others alone, each as a pointer to its staged row with what becomes of it, so that millions of candidates
-- take no memory. Keys that may come more than once are found by a hash, and separated by the keys themselves.
create or replace temp table marked_{{ table | ident }} as
with repeated as (
    select hash(id) as key_hash
    from stage_{{ table | ident }}
    group by hash(id)
    having count(*) > 1
),

superseded as materialized (
    select
        staged._staged_file,
        staged._staged_row
    from stage_{{ table | ident }} as staged
    inner join repeated
        on hash(staged.id) = repeated.key_hash
    qualify row_number() over (
        partition by staged.tenant_id, staged.id
        order by
            {% if cursor %}
            staged.{{ cursor | ident }} desc nulls last,
            {% endif %}
            staged._extracted_at desc,
            staged._content_hash
    ) > 1
),

newest as (
    select
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
    from stage_{{ table | ident }} as staged
    where
        not exists (
            select 1
            from superseded
            where
                staged._staged_file = superseded._staged_file
                and staged._staged_row = superseded._staged_row
        )
)

select
    newest._staged_file,
    newest._staged_row,
    target.rowid as _present_row,
    target.id is null as _is_missing,
    coalesce(
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
        ),
        false
    ) as _is_loaded
from newest
left join raw.{{ table | ident }} as target
    on
        newest.tenant_id = target.tenant_id
        and newest.id = target.id
where
    target.id is not null
    or (
        newest._extracted_at < $missed_at
        {% if cursor %}
        and coalesce(newest.{{ cursor | ident }}, timestamp '0001-01-01') < $missed_source_now
        {% endif %}
    )
union all
select
    superseded._staged_file,
    superseded._staged_row,
    cast(null as bigint) as _present_row,
    false as _is_missing,
    false as _is_loaded
from superseded;

create or replace temp view candidate_{{ table | ident }} as
select
    {% for column in columns %}
    staged.{{ column | ident }},
    {% endfor %}
    coalesce(marked._is_missing, false) as _is_missing
from stage_{{ table | ident }} as staged
left join marked_{{ table | ident }} as marked
    on
        staged._staged_file = marked._staged_file
        and staged._staged_row = marked._staged_row
where coalesce(marked._is_loaded, true);
