with source as (

    select * from {{ source('raw', 'sale') }}

),

renamed as (

    select
        ---------- ids
        tenant_id,
        id as sale_id,
        {{ reference_or_null('article_number') }} as article_number,
        {{ reference_or_null('branch_number') }} as branch_number,
        {{ reference_or_null('article_size_number') }} as article_size_number,

        ---------- numerics
        quantity as units,

        ---------- dates
        date as sold_on,

        ---------- timestamps
        {{ timestamp_at('date', 'coalesce(time, 0)') }} as sold_at,
        case when is_deleted then last_change end as deleted_at,
        _extracted_at as missed_at

    from source
    where
        (
            coalesce(is_deleted, false)
            or _deleted_at is not null
        )
        -- What was set aside never happened: it is in RAW only if an older release has loaded it.
        and date > cast('1990-01-01' as date)
        and coalesce(abs(quantity), 0) <= 10000000

)

select * from renamed
