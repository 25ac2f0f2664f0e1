delete from raw.replenishment_policy
where tenant_id = $tenant_id;

insert into raw.replenishment_policy (tenant_id, scope, scope_key, setting, value)
select
    $tenant_id as tenant_id,
    unnest($scopes) as scope,
    unnest($scope_keys) as scope_key,
    unnest($settings) as setting,
    unnest($setting_values) as value;
