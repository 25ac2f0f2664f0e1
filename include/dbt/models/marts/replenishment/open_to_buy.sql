{{ config(materialized='incremental') }}

with supply as (

    select * from {{ ref('int_order_lines_due') }}

),

settings as (

    select * from {{ ref('stg_mercurios__tenant_settings') }}
    where tenant_id = {{ tenant_id() }}

),

tenants as (

    select
        tenants.tenant_id,
        max(case when settings.scope = 'limits' then settings.setting_value end) as limit_basis
    from {{ ref('stg_mercurios__tenants') }} as tenants
    left join settings
        on tenants.tenant_id = settings.tenant_id
    where tenants.tenant_id = {{ tenant_id() }}
    group by tenants.tenant_id

),

limits as (

    select
        tenant_id,
        try_cast(split_part(scope_key, '/', 1) as bigint) as season_number,
        try_cast(split_part(scope_key, '/', 2) as bigint) as category_number,
        try_cast(setting as date) as month_start,
        try_cast(setting_value as decimal(18, 2)) as limit_value
    from settings
    where scope = 'limit'

),

summed as (

    select
        tenant_id,
        season_number,
        category_number,
        month_start,
        sum(received_units) as received_units,
        sum(open_units) as open_units,
        {{ worth_of_group(worth_of('received_units', 'unit_value')) }} as received_value,
        {{ worth_of_group(worth_of('open_units', 'unit_value')) }} as open_value,
        {{ worth_of_group(worth_of('(received_units + open_units)', 'unit_value')) }} as committed_value,
        count(*) as order_lines,
        count(*) - count(unit_value) as unvalued_lines
    from supply
    group by tenant_id, season_number, category_number, month_start

),

joined as (

    select
        coalesce(summed.tenant_id, limits.tenant_id) as tenant_id,
        coalesce(summed.season_number, limits.season_number) as season_number,
        coalesce(summed.category_number, limits.category_number) as category_number,
        coalesce(summed.month_start, limits.month_start) as month_start,
        limits.limit_value,
        coalesce(summed.received_units, 0) as received_units,
        coalesce(summed.open_units, 0) as open_units,
        case when summed.tenant_id is null then 0 else summed.received_value end as received_value,
        case when summed.tenant_id is null then 0 else summed.open_value end as open_value,
        case when summed.tenant_id is null then 0 else summed.committed_value end as committed_value,
        coalesce(summed.order_lines, 0) as order_lines,
        coalesce(summed.unvalued_lines, 0) as unvalued_lines
    from summed
    full outer join limits
        on
            summed.tenant_id = limits.tenant_id
            and summed.season_number = limits.season_number
            and summed.category_number = limits.category_number
            and summed.month_start = limits.month_start

)

select
    joined.tenant_id,
    joined.season_number,
    joined.category_number,
    joined.month_start,
    coalesce(tenants.limit_basis, 'cost') as limit_basis,
    joined.limit_value,
    cast(joined.received_units as double) as units_received,
    cast(joined.open_units as double) as on_order,
    cast(joined.received_value as decimal(18, 2)) as received_value,
    cast(joined.open_value as decimal(18, 2)) as open_value,
    cast(joined.committed_value as decimal(18, 2)) as committed_value,
    cast(joined.limit_value - cast(joined.committed_value as decimal(18, 2)) as decimal(18, 2)) as free_limit,
    case
        when tenants.limit_basis is null then 'no limits in the tenant file'
        when joined.limit_value is null then 'not in the limits'
    end as limit_note,
    case
        when joined.unvalued_lines > 0
            then
                {{ some_of('joined.unvalued_lines', 'joined.order_lines', 'lines: no price') }}
    end as value_note
from joined
left join tenants
    on joined.tenant_id = tenants.tenant_id
