{{ config(materialized='ephemeral') }}

with ledger as (

    select * from {{ ref('int_stock_ledger') }}
    where tenant_id = {{ tenant_id() }}

)

select
    tenant_id,
    article_number,
    branch_number,
    {{ week_start('moved_on') }} as week_start,
    sum(units_sold - units_returned) as units_sold,
    sum(units_corrected) as units_corrected,
    sum(units_received) as units_received,
    sum(units_counted) as units_counted
from ledger
group by tenant_id, article_number, branch_number, {{ week_start('moved_on') }}
