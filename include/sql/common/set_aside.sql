-- Rows that RAW took before there were bounds, and that this read has set aside: they leave the marts as a deleted row does,
-- and come back as one does once they fit. A row whose version in RAW is plausible stays: it is the last good one.
update raw.{{ table | ident }}
set
    _deleted_at = $loaded_at,
    _loaded_at = $loaded_at
where
    tenant_id = $tenant_id
    and _deleted_at is null
    and id in (
        select aside.source_id
        from stage_quarantine as aside
        where aside.source_id is not null
    )
    and (
        1 = 0
        {% for column in booked %}
        or {{ column | ident }} < $first_day
        or {{ column | ident }} > $last_day
        {% endfor %}
        {% for column in units %}
        or abs({{ column | ident }}) > $most_units
        {% endfor %}
        {% for column in amounts %}
        or abs({{ column | ident }}) > $largest_amount
        {% endfor %}
        {% for column in seconds %}
        or {{ column | ident }} < 0
        or {{ column | ident }} >= 86400
        {% endfor %}
    );
