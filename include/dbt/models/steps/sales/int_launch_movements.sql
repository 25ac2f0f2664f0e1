with launches as (

    select * from {{ ref('int_launches') }}

),

sales as (

    select * from {{ ref('fct_sales') }}
    where tenant_id = {{ tenant_id() }}

),

positions as (

    select * from {{ ref('int_order_positions_sized') }}
    where tenant_id = {{ tenant_id() }}

),

movements as (

    select
        tenant_id,
        article_number,
        received_on as moved_on,
        delivered_units as received_units,
        0 as sold_units
    from positions
    where delivered_units > 0
    union all
    select
        tenant_id,
        article_number,
        sold_on as moved_on,
        0 as received_units,
        units as sold_units
    from sales

),

-- A week begins on the weekday of the launch, so that the first has seven days too. What moved before counts in it.
numbered as (

    select
        movements.*,
        greatest(floor((movements.moved_on - launches.launched_on) / 7), 0) + 1 as week_number
    from movements
    inner join launches
        on
            movements.tenant_id = launches.tenant_id
            and movements.article_number = launches.article_number

)

select
    tenant_id,
    article_number,
    week_number,
    sum(received_units) as received_units,
    sum(sold_units) as sold_units
from numbered
group by tenant_id, article_number, week_number
