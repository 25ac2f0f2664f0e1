with positions as (

    select * from {{ ref('replenishment_position') }}
    where
        tenant_id = {{ tenant_id() }}
        and stock_out_on is not null

),

proposals as (

    select * from {{ ref('replenishment_proposal') }}
    where
        tenant_id = {{ tenant_id() }}
        and on_order_if_expedited = 0

),

incoming as (

    select
        tenant_id,
        article_number,
        article_size_number,
        to_branch_number as branch_number,
        sum(units) as units
    from {{ ref('replenishment_transfer') }}
    where tenant_id = {{ tenant_id() }}
    group by tenant_id, article_number, article_size_number, to_branch_number

),

order_lines as (

    select * from {{ ref('int_open_order_lines') }}

),

awaited as (

    select
        positions.tenant_id,
        positions.article_number,
        positions.article_size_number,
        positions.branch_number,
        min(order_lines.as_of_date) as as_of_date,
        min(positions.stock_out_on) as stock_out_on,
        min(
            case
                when order_lines.supply <> 'unconfirmed' and order_lines.arrives_on > positions.stock_out_on
                    then order_lines.arrives_on
            end
        ) as next_arrival_on,
        max(greatest(positions.free_stock, 0)) + sum(
            case
                when order_lines.supply <> 'unconfirmed' and order_lines.arrives_on <= positions.stock_out_on
                    then order_lines.open_units
                else 0
            end
        ) as units_until_out
    from positions
    inner join order_lines
        on
            positions.tenant_id = order_lines.tenant_id
            and positions.article_number = order_lines.article_number
            and positions.article_size_number = order_lines.article_size_number
            and positions.branch_number = order_lines.branch_number
    group by
        positions.tenant_id,
        positions.article_number,
        positions.article_size_number,
        positions.branch_number

)

-- What another branch sends lasts too. Goods ordered today fill the shelf as well as a delivery that is awaited, but not
-- where they are only what a delivery that is asked for lacks.
select
    awaited.tenant_id,
    awaited.article_number,
    awaited.article_size_number,
    awaited.branch_number,
    awaited.as_of_date,
    awaited.stock_out_on,
    awaited.next_arrival_on,
    awaited.units_until_out + coalesce(incoming.units, 0) as units_until_out,
    case
        when proposals.arrives_on < awaited.next_arrival_on or awaited.next_arrival_on is null
            then proposals.arrives_on
        else awaited.next_arrival_on
    end as filled_on
from awaited
left join proposals
    on
        awaited.tenant_id = proposals.tenant_id
        and awaited.article_number = proposals.article_number
        and awaited.article_size_number = proposals.article_size_number
        and awaited.branch_number = proposals.branch_number
left join incoming
    on
        awaited.tenant_id = incoming.tenant_id
        and awaited.article_number = incoming.article_number
        and awaited.article_size_number = incoming.article_size_number
        and awaited.branch_number = incoming.branch_number
