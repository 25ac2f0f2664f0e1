with positions as (

    select * from {{ ref('int_positions_by_branch') }}

),

lives as (

    select * from {{ ref('article_life') }}
    where tenant_id = {{ tenant_id() }}

),

curves as (

    select * from {{ ref('size_curve') }}
    where tenant_id = {{ tenant_id() }}

),

lived as (

    select
        positions.tenant_id,
        positions.article_number,
        positions.article_size_number,
        positions.branch_number,
        coalesce(lives.is_wanted, true) as is_wanted,
        coalesce(lives.has_demand, true) as has_demand,
        coalesce(curves.size_share, 0) as size_share
    from positions
    left join lives
        on
            positions.tenant_id = lives.tenant_id
            and positions.article_number = lives.article_number
            and positions.article_size_number = lives.article_size_number
            and positions.branch_number = lives.branch_number
    left join curves
        on
            positions.tenant_id = curves.tenant_id
            and positions.article_number = curves.article_number
            and positions.article_size_number = curves.article_size_number

)

select
    *,
    case
        when has_demand and size_share > 0
            then size_share / sum(case when has_demand then size_share end) over (
                partition by tenant_id, article_number, branch_number
            )
        else size_share
    end as wanted_share
from lived
