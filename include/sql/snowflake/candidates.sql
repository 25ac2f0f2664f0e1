-- The rows that will change RAW: of several versions of one key the newest, and only where RAW holds nothing
-- newer and nothing equal. What a read that began after RAW's version was loaded shows is always newer, even with
-- an older cursor (a restored backup, the doubled hour of autumn). A key that RAW holds as deleted comes back,
-- but not through a read that is older than the one that missed it. A key that RAW has never held and that a newer
-- complete read did not show was deleted by then: `_is_missing` says so. The table was created before the
-- transaction.
insert into candidate_{{ table | ident }} (
    {% for column in columns %}
    {{ column | ident }},
    {% endfor %}
    _is_missing
)
with newest as (
    select *
    from stage_{{ table | ident }}
    where tenant_id = $tenant_id
    qualify row_number() over (
        partition by tenant_id, id
        order by
            {% if cursor %}
            {{ cursor | ident }} desc nulls last,
            {% endif %}
            _extracted_at desc,
            _content_hash
    ) = 1
)

select
    {% for column in columns %}
    newest.{{ column | ident }},
    {% endfor %}
    coalesce(
        target.id is null
        and newest._extracted_at < cast($missed_at as timestamp_ntz)
        {% if cursor %}
        and coalesce(newest.{{ cursor | ident }}, cast('0001-01-01' as timestamp_ntz)) < cast($missed_source_now as timestamp_ntz)
        {% endif %},
        false
    ) as _is_missing
from newest
left join raw.{{ table | ident }} as target
    on
        newest.tenant_id = target.tenant_id
        and newest.id = target.id
        and target.tenant_id = $tenant_id
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
                and coalesce(newest.{{ cursor | ident }}, cast('0001-01-01' as timestamp_ntz))
                >= coalesce(target.{{ cursor | ident }}, cast('0001-01-01' as timestamp_ntz))
            )
            or (
                coalesce(newest.{{ cursor | ident }}, cast('0001-01-01' as timestamp_ntz))
                > coalesce(target.{{ cursor | ident }}, cast('0001-01-01' as timestamp_ntz))
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
