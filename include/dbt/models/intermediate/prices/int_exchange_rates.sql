-- A view, so that a rate that changes counts at once; readers take their tenant's rows.
{{ config(materialized='view') }}

with basis as (

    select * from {{ ref('int_price_basis') }}

),

currencies as (

    select * from {{ ref('currency') }}

),

settings as (

    select
        tenant_id,
        scope_key as iso_code,
        try_cast(setting as date) as valid_from,
        try_cast(setting_value as decimal(18, 8)) as exchange_rate
    from {{ ref('stg_mercurios__tenant_settings') }}
    where scope = 'exchange_rate'

),

declared as (

    select
        *,
        lead(valid_from, 1, cast('9999-12-31' as date)) over (
            partition by tenant_id, iso_code
            order by valid_from
        ) as valid_until,
        min(valid_from) over (partition by tenant_id, iso_code) as first_day
    from settings

),

stated as (

    select
        tenant_id,
        currency as currency_code,
        currency as iso_code,
        cast(1 as decimal(18, 8)) as exchange_rate
    from basis
    union all
    select
        currencies.tenant_id,
        currencies.currency_code,
        currencies.iso_code,
        case
            when currencies.iso_code = basis.currency then cast(1 as decimal(18, 8))
            else currencies.exchange_rate
        end as exchange_rate
    from currencies
    inner join basis
        on currencies.tenant_id = basis.tenant_id
    where currencies.currency_code <> basis.currency

),

first_declared as (

    select distinct
        tenant_id,
        iso_code,
        first_day
    from declared

)

-- The source keeps its present rate only: it counts on days for which the tenant file has none.
select
    stated.tenant_id,
    stated.currency_code,
    cast('0001-01-01' as date) as valid_from,
    coalesce(first_declared.first_day, cast('9999-12-31' as date)) as valid_until,
    stated.exchange_rate
from stated
left join first_declared
    on
        stated.tenant_id = first_declared.tenant_id
        and stated.iso_code = first_declared.iso_code
where stated.exchange_rate is not null
union all
select
    declared.tenant_id,
    coalesce(stated.currency_code, declared.iso_code) as currency_code,
    declared.valid_from,
    declared.valid_until,
    declared.exchange_rate
from declared
left join stated
    on
        declared.tenant_id = stated.tenant_id
        and declared.iso_code = stated.iso_code
