delete from ops.watermark
where
    tenant_id = $tenant_id
    and resource = $resource;
