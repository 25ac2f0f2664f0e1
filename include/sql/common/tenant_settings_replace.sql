delete from raw.tenant_setting
where tenant_id = $tenant_id;

insert into raw.tenant_setting (tenant_id, scope, scope_key, setting, value)
select
    $tenant_id as tenant_id,
    settings.scope,
    settings.scope_key,
    settings.setting,
    settings.value
from (
    {{ records("$settings", {"scope": "varchar", "scope_key": "varchar", "setting": "varchar", "value": "varchar"}) }}
) as settings;
