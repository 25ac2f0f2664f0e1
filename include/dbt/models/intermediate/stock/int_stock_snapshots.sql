{# The source never says again what it said on a day, so on Snowflake a drop of this table must be undoable for a week. #}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_today',
        transient=false,
        meta={'day': 'reported_on'},
    )
}}

with stock_reports as (

    select * from {{ ref('stock_report') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

stock_now as (

    select
        tenant_id,
        article_number,
        coalesce(article_size_number, 0) as article_size_number,
        branch_number,
        sum(coalesce(stock_units, 0)) as stock_units
    from stock_reports
    where
        article_number is not null
        and branch_number is not null
    group by tenant_id, article_number, coalesce(article_size_number, 0), branch_number

),

{% if is_incremental() %}
recorded as (

    select this_model.*
    from {{ this }} as this_model
    inner join as_of
        on this_model.tenant_id = as_of.tenant_id
    where
        this_model.tenant_id = {{ tenant_id() }}
        and this_model.reported_on < as_of.as_of_date
    qualify
        row_number() over (
            partition by
                this_model.tenant_id,
                this_model.article_number,
                this_model.article_size_number,
                this_model.branch_number
            order by this_model.reported_on desc
        ) = 1

),
{% else %}
recorded as (

    select
        *,
        cast(null as date) as reported_on
    from stock_now
    where false

),
{% endif %}

-- Only what differs from the day before, and what is there no more.
changed as (

    select
        coalesce(stock_now.tenant_id, recorded.tenant_id) as tenant_id,
        coalesce(stock_now.article_number, recorded.article_number) as article_number,
        coalesce(stock_now.article_size_number, recorded.article_size_number) as article_size_number,
        coalesce(stock_now.branch_number, recorded.branch_number) as branch_number,
        coalesce(stock_now.stock_units, 0) as stock_units
    from stock_now
    full outer join recorded
        on
            stock_now.tenant_id = recorded.tenant_id
            and stock_now.article_number = recorded.article_number
            and stock_now.article_size_number = recorded.article_size_number
            and stock_now.branch_number = recorded.branch_number
    where
        recorded.stock_units is null
        or coalesce(stock_now.stock_units, 0) <> recorded.stock_units

)

select
    changed.tenant_id,
    changed.article_number,
    changed.article_size_number,
    changed.branch_number,
    as_of.as_of_date as reported_on,
    cast(changed.stock_units as decimal(18, 2)) as stock_units
from changed
inner join as_of
    on changed.tenant_id = as_of.tenant_id
