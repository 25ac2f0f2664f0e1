-- A view, so that a setting that changes counts at once; readers take their tenant's rows.
{{ config(materialized='view') }}

with tenants as (

    select * from {{ ref('stg_mercurios__tenants') }}

),

settings as (

    select * from {{ ref('stg_mercurios__tenant_settings') }}
    where scope = 'prices'

)

select
    tenants.tenant_id,
    tenants.currency,
    max(case when settings.setting = 'include_tax' then settings.setting_value end) = 'true' as includes_tax,
    max(case when settings.setting = 'cost' then settings.setting_value end) as cost_basis,
    max(
        case when settings.setting = 'default_tax_number' then try_cast(settings.setting_value as bigint) end
    ) as default_tax_number
from tenants
left join settings
    on tenants.tenant_id = settings.tenant_id
group by tenants.tenant_id, tenants.currency
