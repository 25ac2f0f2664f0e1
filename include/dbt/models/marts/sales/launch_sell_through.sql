{{ config(materialized='incremental') }}

with launches as (

    select * from {{ ref('int_launches') }}

),

moved as (

    select * from {{ ref('int_launch_movements') }}

),

weeks_on as (

    {{ integers(var('launch_weeks')) }}

),

-- Only weeks that are over.
added_up as (

    select
        launches.*,
        weeks_on.n + 1 as week_number,
        sum(coalesce(moved.received_units, 0)) over (
            partition by launches.tenant_id, launches.article_number order by weeks_on.n
            rows between unbounded preceding and current row
        ) as received_to_date,
        sum(coalesce(moved.sold_units, 0)) over (
            partition by launches.tenant_id, launches.article_number order by weeks_on.n
            rows between unbounded preceding and current row
        ) as sold_to_date
    from launches
    inner join weeks_on
        on launches.launched_on <= {{ add_days('launches.as_of_date', '-7 * (weeks_on.n + 1)') }}
    left join moved
        on
            launches.tenant_id = moved.tenant_id
            and launches.article_number = moved.article_number
            and moved.week_number = weeks_on.n + 1

),

noted as (

    select
        *,
        case
            when launch_note is not null then launch_note
            when sold_to_date > received_to_date then 'sold more than was received'
            when sold_to_date < 0 then 'more came back than was sold'
        end as sell_through_note
    from added_up

)

select
    tenant_id,
    article_number,
    cast(week_number as bigint) as week_number,
    season_number,
    launched_on,
    {{ add_days('launched_on', '7 * week_number - 1') }} as week_ends_on,
    cast(received_to_date as decimal(18, 2)) as received_to_date,
    cast(sold_to_date as decimal(18, 2)) as sold_to_date,
    case
        when sell_through_note is null
            then round(cast(sold_to_date as double) / cast(received_to_date as double), 6)
    end as sell_through_to_date,
    sell_through_note
from noted
