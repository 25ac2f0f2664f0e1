{{
    config(
        materialized='incremental',
        incremental_strategy='replace_from_day',
        meta={'by': ['article_number', 'branch_number'], 'day': 'date_day', 'kept_days': 'inventory_days'}
    )
}}

with articles as (

    select * from {{ ref('dim_article') }}
    where tenant_id = {{ tenant_id() }}

),

days_on as (

    {{ integers(var('inventory_days')) }}

),

stock as (

    select * from {{ ref('int_branch_stock') }}

),

moved as (

    select
        stock.*,
        articles.purchase_price
    from stock
    left join articles
        on
            stock.tenant_id = articles.tenant_id
            and stock.article_number = articles.article_number

),

fingerprints as (

    select
        tenant_id,
        article_number,
        branch_number,
        min(greatest(moved_on, first_day)) as first_date,
        max({{ add_days('first_day', var('inventory_days') ~ ' - 1') }}) as last_date,
        {{
            fingerprint(
                [
                    'moved_on', 'units_sold', 'units_returned', 'units_corrected', 'units_received', 'units_counted',
                    'closing_stock'
                ],
                'units_sold <> 0 or units_returned <> 0 or units_corrected <> 0 or units_received <> 0 or units_counted <> 0',
                ['min(moved_on)', 'max(closing_stock)', 'max(purchase_price)']
            )
        }} as fingerprint
    from moved
    group by tenant_id, article_number, branch_number

),

-- Where nothing of the past changed, the history goes on with the last day it has.
begun as (

    {{ first_new_days('fingerprints') }}

),

-- Stock stands still between movements, so it is carried to the days between.
carried as (

    select
        moved.*,
        begun.fingerprint,
        {{ add_days('greatest(moved.moved_on, begun.from_date)', 'days_on.n') }} as date_day
    from moved
    inner join begun
        on
            moved.tenant_id = begun.tenant_id
            and moved.article_number = begun.article_number
            and moved.branch_number = begun.branch_number
    inner join days_on
        on days_on.n < moved.next_moved_on - greatest(moved.moved_on, begun.from_date)
    where moved.next_moved_on > begun.from_date

)

select
    tenant_id,
    article_number,
    branch_number,
    date_day,
    case
        when date_day = moved_on
            then
                closing_stock - units_received + units_sold - units_returned - units_corrected
                - units_counted
        else closing_stock
    end as opening_stock,
    case when date_day = moved_on then units_received else 0 end as units_received,
    case when date_day = moved_on then units_sold else 0 end as gross_units,
    case when date_day = moved_on then units_returned else 0 end as returned_units,
    case when date_day = moved_on then units_corrected else 0 end as units_corrected,
    case when date_day = moved_on then units_counted else 0 end as units_counted,
    closing_stock,
    cast(closing_stock * purchase_price as decimal(18, 2)) as closing_stock_value,
    fingerprint
from carried
