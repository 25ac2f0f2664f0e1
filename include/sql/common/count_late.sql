-- Rows that are loaded although the watermark had passed their cursor: the source showed them late.
select count(*) as row_count
from candidate_{{ table | ident }} as candidates
inner join ops.watermark
    on
        watermark.tenant_id = $tenant_id
        and watermark.resource = $resource
        and candidates.{{ cursor | ident }} < watermark.cursor_value;
