delete from raw.replenishment_policy
where tenant_id = $tenant_id;

insert into raw.replenishment_policy (tenant_id, scope, scope_key, setting, value)
select
    $tenant_id as tenant_id,
    policies.scope,
    policies.scope_key,
    policies.setting,
    policies.value
from (
    {{ records("$settings", {"scope": "varchar", "scope_key": "varchar", "setting": "varchar", "value": "double"}) }}
) as policies;
