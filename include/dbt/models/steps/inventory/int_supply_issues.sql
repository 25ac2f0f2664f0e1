with open_lines as (

    select * from {{ ref('int_open_order_lines') }}

),

order_lines as (

    select * from {{ ref('purchase_order_line') }}
    where
        tenant_id = {{ tenant_id() }}
        and open_units > 0

),

positions as (

    select * from {{ ref('inventory_position') }}
    where tenant_id = {{ tenant_id() }}

),

branches as (

    select * from {{ ref('dim_branch') }}
    where tenant_id = {{ tenant_id() }}

),

named as (

    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number,
        case
            when supply = 'unconfirmed' then 'unconfirmed order'
            else 'overdue order'
        end as issue,
        open_units as units,
        cast(null as decimal(18, 2)) as order_value
    from open_lines
    where due_on < as_of_date
    union all
    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number,
        'order without header' as issue,
        open_units as units,
        cast(null as decimal(18, 2)) as order_value
    from open_lines
    where is_without_header
    union all
    select
        tenant_id,
        coalesce(article_number, 0) as article_number,
        0 as article_size_number,
        coalesce(branch_number, 0) as branch_number,
        case
            when article_number is null then 'order without article'
            else 'order without branch'
        end as issue,
        open_units as units,
        open_units * purchase_price as order_value
    from order_lines
    where
        not is_cancelled
        and (article_number is null or branch_number is null)
    union all
    select
        tenant_id,
        coalesce(article_number, 0) as article_number,
        0 as article_size_number,
        coalesce(branch_number, 0) as branch_number,
        'cancelled order' as issue,
        open_units as units,
        open_units * purchase_price as order_value
    from order_lines
    where is_cancelled
    union all
    select
        positions.tenant_id,
        positions.article_number,
        positions.article_size_number,
        positions.branch_number,
        case
            when branches.is_inferred then 'branch without master'
            else 'closed branch'
        end as issue,
        positions.on_hand + positions.on_order as units,
        cast(null as decimal(18, 2)) as order_value
    from positions
    inner join branches
        on
            positions.tenant_id = branches.tenant_id
            and positions.branch_number = branches.branch_number
    where
        not branches.is_active
        and (positions.on_hand <> 0 or positions.on_order <> 0)

)

select
    tenant_id,
    article_number,
    article_size_number,
    branch_number,
    issue,
    sum(units) as units,
    sum(order_value) as order_value
from named
group by tenant_id, article_number, article_size_number, branch_number, issue
