{#
    A shop may sell from an empty book, so this warns. Where a computation is wrong it finds thousands of days at once.
#}
{{ config(severity='warn') }}

select
    article_number,
    branch_number,
    min(closing_stock) as lowest_stock,
    count(*) as day_count
from {{ ref('inventory_daily') }}
where
    tenant_id = {{ tenant_id() }}
    and closing_stock < 0
group by article_number, branch_number
