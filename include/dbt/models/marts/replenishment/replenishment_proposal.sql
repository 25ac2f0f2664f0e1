{{ config(materialized='incremental') }}

with positions as (

    select * from {{ ref('replenishment_position') }}
    where
        tenant_id = {{ tenant_id() }}
        and is_reordered

),

transfers as (

    select * from {{ ref('replenishment_transfer') }}
    where tenant_id = {{ tenant_id() }}

),

policies as (

    select * from {{ ref('replenishment_policy') }}
    where tenant_id = {{ tenant_id() }}

),

classes as (

    select * from {{ ref('article_class') }}
    where tenant_id = {{ tenant_id() }}

),

articles as (

    select * from {{ ref('dim_article') }}
    where tenant_id = {{ tenant_id() }}

),

branches as (

    select * from {{ ref('dim_branch') }}
    where tenant_id = {{ tenant_id() }}

),

curves as (

    select * from {{ ref('size_curve') }}
    where tenant_id = {{ tenant_id() }}

),

article_sizes as (

    select * from {{ ref('article_size') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

eans as (

    select
        tenant_id,
        article_number,
        article_size_number,
        min(ean) as ean
    from article_sizes
    group by tenant_id, article_number, article_size_number

),

incoming as (

    select
        tenant_id,
        article_number,
        article_size_number,
        to_branch_number as branch_number,
        sum(units) as transferred_units
    from transfers
    group by tenant_id, article_number, article_size_number, to_branch_number

),

needed as (

    select
        positions.*,
        policies.supplier_number,
        policies.value_class,
        policies.variability_class,
        policies.lead_time_days,
        policies.lead_time_source,
        policies.review_days,
        policies.pack_size,
        policies.minimum_order_units,
        policies.minimum_order_value,
        policies.budget,
        coalesce(incoming.transferred_units, 0) as transferred_units,
        positions.available + coalesce(incoming.transferred_units, 0) as covered_units
    from positions
    inner join policies
        on
            positions.tenant_id = policies.tenant_id
            and positions.article_number = policies.article_number
    left join incoming
        on
            positions.tenant_id = incoming.tenant_id
            and positions.article_number = incoming.article_number
            and positions.article_size_number = incoming.article_size_number
            and positions.branch_number = incoming.branch_number

),

-- At most one unit short of a pack more than is needed, unless a minimum asks for more.
ordered as (

    select
        *,
        pack_size
        * ceil(greatest(order_up_to - covered_units, minimum_order_units) / pack_size) as order_units
    from needed
    where covered_units < reorder_point

),

saved as (

    select
        *,
        order_units * unit_cost as order_cost,
        {{ expected_shortage('protection_units', 'protection_deviation', 'covered_units') }}
        - {{ expected_shortage('protection_units', 'protection_deviation', '(covered_units + order_units)') }}
            as units_saved
    from ordered

),

valued as (

    select
        *,
        units_saved * unit_margin as margin_saved,
        case
            when order_cost > 0 then units_saved * unit_margin / order_cost
            else 0
        end as margin_saved_per_cost
    from saved

),

prioritised as (

    select
        *,
        row_number() over (
            partition by tenant_id
            order by
                margin_saved_per_cost desc,
                margin_saved desc,
                article_number asc,
                article_size_number asc,
                branch_number asc
        ) as priority
    from valued

),

afforded as (

    select
        *,
        sum(order_cost) over (
            partition by tenant_id
            order by priority
            rows between unbounded preceding and current row
        ) as running_cost,
        sum(order_cost) over (partition by tenant_id, supplier_number) as supplier_cost
    from prioritised

)

select
    afforded.tenant_id,
    afforded.article_number,
    afforded.article_size_number,
    afforded.branch_number,
    afforded.supplier_number,
    articles.supplier_name,
    articles.article_name,
    articles.supplier_article_number,
    coalesce(curves.size, '') as size,
    eans.ean,
    branches.branch_name,
    afforded.order_units,
    afforded.pack_size,
    cast(afforded.unit_cost as decimal(18, 2)) as unit_cost,
    cast(afforded.order_cost as decimal(18, 2)) as order_cost,
    coalesce(afforded.order_by_on, as_of.as_of_date) as order_by_on,
    afforded.is_late,
    afforded.stock_out_on,
    {{ add_days('as_of.as_of_date', 'ceil(afforded.lead_time_days)') }} as arrives_on,
    afforded.free_stock,
    afforded.on_order,
    afforded.transferred_units,
    afforded.reorder_point,
    afforded.order_up_to,
    round(afforded.units_saved, 4) as units_saved,
    cast(afforded.margin_saved as decimal(18, 2)) as margin_saved,
    round(afforded.margin_saved_per_cost, 6) as margin_saved_per_cost,
    cast(afforded.priority as bigint) as priority,
    coalesce(afforded.running_cost <= afforded.budget, true) as is_within_budget,
    afforded.supplier_cost < afforded.minimum_order_value as is_below_supplier_minimum,
    afforded.value_class,
    afforded.variability_class,
    case
        when afforded.demand_source <> 'forecast' or afforded.lead_time_source = 'default' then 'low'
        when
            classes.demand_class in ('smooth', 'erratic')
            and classes.weeks_measured >= {{ var('supply_weeks') }}
            and afforded.lead_time_source in ('supplier', 'policy')
            and afforded.protection_deviation <= afforded.protection_units
            then 'high'
        else 'medium'
    end as confidence,
    case
        when afforded.free_stock <= 0 and afforded.protection_units > 0 then 'Out of stock'
        when afforded.stock_out_on is not null
            then 'Runs out on ' || cast(afforded.stock_out_on as varchar)
        else 'Below what must be on display'
    end
    || '; until the order after this one can arrive in '
    || cast(cast(ceil(afforded.lead_time_days + afforded.review_days) as bigint) as varchar)
    || ' days, '
    || cast(cast(afforded.protection_units as decimal(18, 1)) as varchar)
    || ' are expected to sell and '
    || cast(cast(afforded.reorder_point as bigint) as varchar)
    || ' make that safe, against '
    || cast(cast(afforded.free_stock as decimal(18, 0)) as varchar)
    || ' in stock, '
    || cast(cast(afforded.on_order as decimal(18, 0)) as varchar)
    || ' on order and '
    || cast(cast(afforded.transferred_units as decimal(18, 0)) as varchar)
    || ' from other branches.' as reason
from afforded
inner join as_of
    on afforded.tenant_id = as_of.tenant_id
inner join articles
    on
        afforded.tenant_id = articles.tenant_id
        and afforded.article_number = articles.article_number
inner join branches
    on
        afforded.tenant_id = branches.tenant_id
        and afforded.branch_number = branches.branch_number
left join classes
    on
        afforded.tenant_id = classes.tenant_id
        and afforded.article_number = classes.article_number
left join curves
    on
        afforded.tenant_id = curves.tenant_id
        and afforded.article_number = curves.article_number
        and afforded.article_size_number = curves.article_size_number
left join eans
    on
        afforded.tenant_id = eans.tenant_id
        and afforded.article_number = eans.article_number
        and afforded.article_size_number = eans.article_size_number
