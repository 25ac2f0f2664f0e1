with prohandel as (

    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number,
        stock_units,
        on_approval_units,
        last_purchased_on as last_received_on,
        last_sold_on
    from {{ ref('stg_prohandel__article_sizes') }}

)

select * from prohandel
