with prohandel as (

    -- A number that was deleted and given again has two masters: the newest counts.
    select
        tenant_id,
        article_number,
        text1 as article_text,
        category_number,
        supplier_number,
        season_number,
        supplier_article_number,
        supplier_colour,
        purchase_price,
        sale_price,
        label_price,
        is_active,
        is_nos
    from {{ ref('stg_prohandel__articles') }}
    where article_number is not null
    qualify {{ is_newest('tenant_id, article_number', 'article_id') }}

)

select * from prohandel
