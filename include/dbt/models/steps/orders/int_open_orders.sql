with positions as (

    select * from {{ ref('int_order_positions_sized') }}
    where tenant_id = {{ tenant_id() }}

)

select
    tenant_id,
    article_number,
    article_size_number,
    branch_number,
    sum(open_units) as on_order,
    min(expected_on) as next_arrival_on
from positions
where open_units > 0
group by tenant_id, article_number, article_size_number, branch_number
