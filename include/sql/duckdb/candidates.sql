-- The rows that will change RAW: of several versions of one key the newest, and only where RAW holds nothing
-- newer and nothing equal. A key that RAW holds as deleted comes back.
create or replace temp table candidate_{{ table | ident }} as
with newest as (
    select *
    from stage_{{ table | ident }}
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

select newest.*
from newest
left join raw.{{ table | ident }} as target
    on
        newest.tenant_id = target.tenant_id
        and newest.id = target.id
where
    target.id is null
    or (
        {% if cursor %}
        coalesce(newest.{{ cursor | ident }}, timestamp '0001-01-01')
        >= coalesce(target.{{ cursor | ident }}, timestamp '0001-01-01')
        {% else %}
        newest._extracted_at >= target._extracted_at
        {% endif %}
        and (newest._content_hash <> target._content_hash or target._deleted_at is not null)
    );
