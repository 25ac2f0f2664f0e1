with spells as (

    select * from {{ ref('stock_out_spells') }}
    where
        tenant_id = {{ tenant_id() }}
        and days_out_in_year > 0

)

-- Spells that began before the year count with their days in it.
select
    tenant_id,
    article_number,
    article_size_number,
    branch_number,
    count(*) as stock_out_spells,
    sum(days_out_in_year) as stock_out_days,
    sum(lost_units * days_out_in_year / days_out) as lost_units
from spells
group by tenant_id, article_number, article_size_number, branch_number
