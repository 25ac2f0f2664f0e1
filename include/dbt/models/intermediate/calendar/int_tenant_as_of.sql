with runs as (

    select * from {{ source('ops', 'run') }}

),

newest as (

    select
        tenant_id,
        as_of_date,
        source_now
    from runs
    where as_of_date is not null
    qualify
        row_number() over (
            partition by tenant_id
            order by started_at desc, fence desc
        ) = 1

)

select
    tenant_id,
    as_of_date,
    {{ week_start('as_of_date') }} as current_week,
    {{ add_days(week_start('as_of_date'), -7) }} as last_complete_week,
    source_now as as_of_at
from newest
