-- Whose publications a readers' file holds.
select distinct tenant_id
from {{ source | ident }}.ops.publication;
