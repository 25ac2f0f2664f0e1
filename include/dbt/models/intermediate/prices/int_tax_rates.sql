-- A view, so that a rate that changes counts at once; readers take their tenant's rows.
{{ config(materialized='view') }}

with settings as (

    select
        tenant_id,
        try_cast(scope_key as bigint) as tax_number,
        try_cast(setting as date) as valid_from,
        try_cast(setting_value as decimal(9, 4)) as tax_percent
    from {{ ref('stg_mercurios__tenant_settings') }}
    where scope = 'tax_rate'

)

select
    tenant_id,
    tax_number,
    valid_from,
    lead(valid_from, 1, cast('9999-12-31' as date)) over (
        partition by tenant_id, tax_number
        order by valid_from
    ) as valid_until,
    cast(tax_percent / 100 as decimal(9, 6)) as tax_rate
from settings
