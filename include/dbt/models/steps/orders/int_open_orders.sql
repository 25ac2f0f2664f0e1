with lines as (

    select * from {{ ref('int_open_order_lines') }}

)

select
    tenant_id,
    article_number,
    article_size_number,
    branch_number,
    sum(open_units) as on_order,
    sum(case when supply = 'in lead time' then open_units else 0 end) as on_order_in_lead_time,
    sum(case when supply in ('in lead time', 'in time') then open_units else 0 end) as on_order_in_time,
    sum(case when supply = 'unconfirmed' then open_units else 0 end) as on_order_unconfirmed,
    min(case when supply <> 'unconfirmed' then expected_on end) as next_arrival_on
from lines
group by tenant_id, article_number, article_size_number, branch_number
