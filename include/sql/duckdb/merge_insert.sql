-- Second half of the merge: every candidate is written as it was landed. A tombstone keeps its row and says since when
-- it is deleted; so does a row that a newer complete read had already missed, dated by that read.
insert into raw.{{ table | ident }} (
    {% for column in columns if column != '_extracted_at' %}
    {{ column | ident }},
    {% endfor %}
    _extracted_at,
    _loaded_at,
    _deleted_at
)
select
    {% for column in columns if column != '_extracted_at' %}
    candidates.{{ column | ident }},
    {% endfor %}
    case when candidates._is_missing then $missed_at else candidates._extracted_at end as _extracted_at,
    $loaded_at as _loaded_at,
    case
        when candidates._is_missing then $loaded_at
        {% if tombstone %}
        when candidates.{{ tombstone | ident }} then $loaded_at
        {% endif %}
    end as _deleted_at
from candidate_{{ table | ident }} as candidates;
