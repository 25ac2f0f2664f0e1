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
        cast(null as bigint) as tax_number,
        currency_number as currency_code,
        purchase_price,
        sale_price,
        label_price,
        -- The price that was planned before any reduction.
        coalesce(nullif(calculated_price, 0), label_price) as list_price,
        is_active,
        is_nos
    from {{ ref('stg_prohandel__articles') }}
    where
        article_number is not null
        and {{ is_read_from('prohandel') }}
    qualify {{ is_newest('tenant_id, article_number', 'article_id') }}

),

files as (

    -- What is no number has one that says nothing to a buyer, so the code goes with the name.
    select
        tenant_id,
        article_number,
        article_name as article_text,
        category_number,
        supplier_number,
        season_number,
        nullif(article_code, cast(article_number as varchar)) as supplier_article_number,
        colour as supplier_colour,
        tax_number,
        cast(null as varchar) as currency_code,
        purchase_price,
        sale_price,
        label_price,
        coalesce(label_price, sale_price) as list_price,
        is_active,
        is_reordered as is_nos
    from {{ ref('stg_files__articles') }}
    where
        article_number is not null
        and {{ is_read_from('files') }}
    qualify
        row_number() over (
            partition by tenant_id, article_number
            order by loaded_at desc, article_id asc
        ) = 1

)

select * from prohandel
union all
select * from files
