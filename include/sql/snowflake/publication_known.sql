-- What is published about the freshness of what they see.
select
    status,
    cast(published_at as varchar) as published_at
from published.publication_status
where tenant_id = $tenant_id;
