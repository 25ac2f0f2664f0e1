{{ config(materialized='incremental') }}

with lives as (

    select * from {{ ref('article_life') }}
    where tenant_id = {{ tenant_id() }}

),

positions as (

    select * from {{ ref('inventory_position') }}
    where tenant_id = {{ tenant_id() }}

),

curves as (

    select * from {{ ref('size_curve') }}
    where tenant_id = {{ tenant_id() }}

),

-- A size that is sold out for good is missing as long as the branch still offers the article in others.
carried as (

    select
        lives.tenant_id,
        lives.article_number,
        lives.branch_number,
        lives.article_size_number,
        lives.has_demand,
        curves.size,
        curves.size_share,
        coalesce(positions.on_order, 0) as on_order,
        greatest(coalesce(positions.free_stock, 0), 0) as free_stock,
        coalesce(positions.free_stock, 0) <= 0 as is_missing
    from lives
    inner join curves
        on
            lives.tenant_id = curves.tenant_id
            and lives.article_number = curves.article_number
            and lives.article_size_number = curves.article_size_number
    left join positions
        on
            lives.tenant_id = positions.tenant_id
            and lives.article_number = positions.article_number
            and lives.article_size_number = positions.article_size_number
            and lives.branch_number = positions.branch_number
    where lives.life_reason <> 'never here'

),

summed as (

    select
        tenant_id,
        article_number,
        branch_number,
        count(*) as sizes_carried,
        sum(case when is_missing then 1 else 0 end) as sizes_missing,
        {{ listed('case when is_missing then size end', 'article_size_number') }} as missing_sizes,
        sum(case when is_missing then size_share else 0 end) / sum(size_share) as share_missing,
        sum(case when is_missing and on_order <= 0 then size_share else 0 end) / sum(size_share)
            as share_missing_without_order,
        sum(free_stock) as free_stock
    from carried
    group by tenant_id, article_number, branch_number
    having
        count(*) > 1
        and sum(free_stock) > 0
        and max(case when has_demand then 1 else 0 end) = 1

)

select
    tenant_id,
    article_number,
    branch_number,
    sizes_carried,
    cast(sizes_missing as bigint) as sizes_missing,
    missing_sizes,
    round(share_missing, 6) as share_missing,
    round(share_missing_without_order, 6) as share_missing_without_order,
    cast(free_stock as double) as free_stock,
    share_missing >= {{ var('size_break_share') }} as is_broken
from summed
