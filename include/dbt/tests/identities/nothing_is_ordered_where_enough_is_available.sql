{#
    A position is proposed if, and only if, what is available, what other branches send, what is asked for earlier and what is
    missed either way is below its level.
#}
with needs as (

    select * from {{ ref('replenishment_position') }}
    where tenant_id = {{ tenant_id() }}

),

transfers as (

    select * from {{ ref('replenishment_transfer') }}
    where tenant_id = {{ tenant_id() }}

),

proposals as (

    select * from {{ ref('replenishment_proposal') }}
    where tenant_id = {{ tenant_id() }}

),

incoming as (

    select
        tenant_id,
        article_number,
        article_size_number,
        to_branch_number as branch_number,
        sum(units) as units
    from transfers
    group by tenant_id, article_number, article_size_number, to_branch_number

),

expedited as (

    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number,
        sum(open_units) as units
    from {{ ref('int_open_order_lines') }}
    where supply = 'if expedited'
    group by tenant_id, article_number, article_size_number, branch_number

),

covered as (

    select
        needs.*,
        needs.available
        + coalesce(expedited.units, 0)
        + greatest(needs.forgone_units, coalesce(incoming.units, 0)) as covered_units
    from needs
    left join incoming
        on
            needs.tenant_id = incoming.tenant_id
            and needs.article_number = incoming.article_number
            and needs.article_size_number = incoming.article_size_number
            and needs.branch_number = incoming.branch_number
    left join expedited
        on
            needs.tenant_id = expedited.tenant_id
            and needs.article_number = expedited.article_number
            and needs.article_size_number = expedited.article_size_number
            and needs.branch_number = expedited.branch_number

)

select
    covered.article_number,
    covered.article_size_number,
    covered.branch_number,
    covered.available,
    covered.covered_units,
    covered.reorder_point,
    covered.order_up_to,
    proposals.order_units
from covered
left join proposals
    on
        covered.tenant_id = proposals.tenant_id
        and covered.article_number = proposals.article_number
        and covered.article_size_number = proposals.article_size_number
        and covered.branch_number = proposals.branch_number
where
    (proposals.order_units is null)
    <> (not covered.is_reordered or covered.covered_units >= covered.reorder_point)
    or proposals.order_units < 0
    or (proposals.order_units > 0 and covered.covered_units >= covered.order_up_to)
