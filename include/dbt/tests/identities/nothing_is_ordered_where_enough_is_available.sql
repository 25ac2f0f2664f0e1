{# A position is proposed if, and only if, what is available and what other branches send is below its level. #}
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

)

select
    needs.article_number,
    needs.article_size_number,
    needs.branch_number,
    needs.available,
    incoming.units as transferred_units,
    needs.reorder_point,
    needs.order_up_to,
    proposals.order_units
from needs
left join incoming
    on
        needs.tenant_id = incoming.tenant_id
        and needs.article_number = incoming.article_number
        and needs.article_size_number = incoming.article_size_number
        and needs.branch_number = incoming.branch_number
left join proposals
    on
        needs.tenant_id = proposals.tenant_id
        and needs.article_number = proposals.article_number
        and needs.article_size_number = proposals.article_size_number
        and needs.branch_number = proposals.branch_number
where
    (proposals.order_units is null)
    <> (not needs.is_reordered or needs.available + coalesce(incoming.units, 0) >= needs.reorder_point)
    or proposals.order_units < 0
    or (proposals.order_units > 0 and needs.available + coalesce(incoming.units, 0) >= needs.order_up_to)
