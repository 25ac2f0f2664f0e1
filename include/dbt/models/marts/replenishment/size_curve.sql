{{ config(materialized='incremental') }}

with own as (

    select * from {{ ref('int_size_sales') }}

),

-- One more than was sold, so that a size without sales keeps a share, and a group without sales an even curve.
pooled as (

    select
        *,
        1 + sum(units) over (partition by tenant_id, category_number, size_group, size) as group_units,
        sum(units) over (partition by tenant_id, article_number) as article_units
    from own

),

curves as (

    select
        *,
        group_units / sum(group_units) over (partition by tenant_id, article_number) as group_share
    from pooled

)

select
    tenant_id,
    article_number,
    article_size_number,
    size,
    units as units_sold,
    round(group_share, 6) as group_share,
    round(
        (units + {{ var('size_prior_units') }} * group_share)
        / (article_units + {{ var('size_prior_units') }}), 6
    ) as size_share
from curves
