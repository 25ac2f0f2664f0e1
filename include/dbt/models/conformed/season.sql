with prohandel as (

    -- Where a number was given twice, goods of either are sold until the later end.
    select
        tenant_id,
        season_number,
        season_name,
        max(valid_until) over (partition by tenant_id, season_number) as ends_on
    from {{ ref('stg_prohandel__seasons') }}
    where
        season_number is not null
        and {{ is_read_from('prohandel') }}
    qualify {{ is_newest('tenant_id, season_number', 'season_id') }}

),

files as (

    select
        tenant_id,
        season_number,
        max(season_name) as season_name,
        cast(null as date) as ends_on
    from {{ ref('stg_files__articles') }}
    where
        season_number is not null
        and {{ is_read_from('files') }}
    group by tenant_id, season_number

)

select * from prohandel
union all
select * from files
