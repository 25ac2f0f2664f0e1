with prohandel as (

    -- Where a number was given twice, goods of either are sold until the later end.
    select
        tenant_id,
        season_number,
        season_name,
        max(valid_until) over (partition by tenant_id, season_number) as ends_on
    from {{ ref('stg_prohandel__seasons') }}
    where season_number is not null
    qualify {{ is_newest('tenant_id, season_number', 'season_id') }}

)

select * from prohandel
