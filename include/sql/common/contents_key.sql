update raw.{{ table | ident }}
set _content_hash = staged.keyed
from stage_contents as staged
where
    {{ table | ident }}.tenant_id = $tenant_id
    and {{ table | ident }}._content_hash = staged.unkeyed;
