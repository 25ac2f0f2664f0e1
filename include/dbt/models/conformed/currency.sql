-- Files are in the tenant's currency, so only an ERP has others.
select
    tenant_id,
    currency_number as currency_code,
    coalesce(iso_alpha_3, currency_number) as iso_code,
    case
        when exchange_rate > 0
            then cast(exchange_rate / coalesce(nullif(exchange_unit, 0), 1) as decimal(18, 8))
    end as exchange_rate
from {{ ref('stg_prohandel__currencies') }}
where
    currency_number is not null
    and {{ is_read_from('prohandel') }}
qualify {{ is_newest('tenant_id, currency_number', 'currency_id') }}
