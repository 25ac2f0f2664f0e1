-- What dbt reads of the tenant file and of public holidays, in one order.
select
    'tenant' as part,
    name as place,
    time_zone as entry,
    country as setting,
    currency || ' ' || coalesce(region, '') || ' ' || coalesce(source, '') as content
from raw.tenant
where tenant_id = $tenant_id
union all
select
    'holiday' as part,
    cast(date as varchar) as place,
    '' as entry,
    '' as setting,
    name as content
from raw.public_holiday
where tenant_id = $tenant_id
union all
select
    'policy' as part,
    scope as place,
    scope_key as entry,
    setting,
    cast(value as varchar) as content
from raw.replenishment_policy
where tenant_id = $tenant_id
union all
select
    'setting' as part,
    scope as place,
    scope_key as entry,
    setting,
    value as content
from raw.tenant_setting
where tenant_id = $tenant_id
order by
    part,
    place,
    entry,
    setting,
    content;
