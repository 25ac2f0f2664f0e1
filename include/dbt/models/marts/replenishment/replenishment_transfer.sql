{{ config(materialized='incremental') }}

with policies as (

    select * from {{ ref('replenishment_policy') }}
    where tenant_id = {{ tenant_id() }}

),

wanted as (

    select * from {{ ref('int_stock_wanted') }}

),

-- The branch that runs out first is served first, from the branch that has most too much.
needs as (

    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number,
        unit_cost,
        cost_note,
        unit_margin,
        ceil(wanted_units - available) as units,
        sum(ceil(wanted_units - available)) over (
            partition by tenant_id, article_number, article_size_number
            order by days_of_supply asc nulls last, branch_number asc
            rows between unbounded preceding and current row
        ) as units_so_far
    from wanted
    where
        available < least_units
        and is_sent_to

),

surpluses as (

    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number,
        floor(free_stock - target_units) as units,
        sum(floor(free_stock - target_units)) over (
            partition by tenant_id, article_number, article_size_number
            order by free_stock - target_units desc, branch_number asc
            rows between unbounded preceding and current row
        ) as units_so_far
    from wanted
    where free_stock - target_units >= 1

),

-- Both queues are laid side by side: where a need and a surplus overlap, so many units are sent.
matched as (

    select
        needs.tenant_id,
        needs.article_number,
        needs.article_size_number,
        surpluses.branch_number as from_branch_number,
        needs.branch_number as to_branch_number,
        least(needs.units_so_far, surpluses.units_so_far)
        - greatest(needs.units_so_far - needs.units, surpluses.units_so_far - surpluses.units) as units,
        needs.unit_cost,
        needs.cost_note,
        needs.unit_margin
    from needs
    inner join surpluses
        on
            needs.tenant_id = surpluses.tenant_id
            and needs.article_number = surpluses.article_number
            and needs.article_size_number = surpluses.article_size_number
            and needs.branch_number <> surpluses.branch_number

),

-- The sizes of an article travel together.
sent as (

    select
        *,
        sum(units) over (
            partition by tenant_id, article_number, from_branch_number, to_branch_number
        ) as units_together
    from matched
    where units > 0

)

select
    sent.tenant_id,
    sent.article_number,
    sent.article_size_number,
    sent.from_branch_number,
    sent.to_branch_number,
    sent.units,
    cast(sent.units * sent.unit_cost as decimal(18, 2)) as cost_saved,
    sent.cost_note,
    cast(sent.units * sent.unit_margin as decimal(18, 2)) as expected_margin
from sent
inner join policies
    on
        sent.tenant_id = policies.tenant_id
        and sent.article_number = policies.article_number
where sent.units_together >= policies.transfer_minimum
