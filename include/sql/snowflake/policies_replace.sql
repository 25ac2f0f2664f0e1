delete from raw.replenishment_policy
where tenant_id = $tenant_id;

insert into raw.replenishment_policy (tenant_id, scope, scope_key, setting, value)
select
    $tenant_id as tenant_id,
    cast(scopes.value as varchar) as scope,
    cast(scope_keys.value as varchar) as scope_key,
    cast(settings.value as varchar) as setting,
    cast(setting_values.value as double) as value
from table(flatten(input => parse_json($scopes))) as scopes
inner join table(flatten(input => parse_json($scope_keys))) as scope_keys
    on scopes.index = scope_keys.index
inner join table(flatten(input => parse_json($settings))) as settings
    on scopes.index = settings.index
inner join table(flatten(input => parse_json($setting_values))) as setting_values
    on scopes.index = setting_values.index;
