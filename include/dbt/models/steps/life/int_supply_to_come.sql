with lines as (

    select * from {{ ref('int_order_positions_sized') }}
    where
        tenant_id = {{ tenant_id() }}
        and open_units > 0

),

articles as (

    select * from {{ ref('dim_article') }}
    where tenant_id = {{ tenant_id() }}

),

lead_times as (

    select * from {{ ref('supplier_lead_time') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

)

-- What is overdue by more than its supplier's lead time is no supply until the supplier confirms it.
select
    lines.tenant_id,
    lines.article_number,
    lines.article_size_number,
    lines.branch_number,
    sum(lines.open_units) as units
from lines
inner join as_of
    on lines.tenant_id = as_of.tenant_id
left join articles
    on
        lines.tenant_id = articles.tenant_id
        and lines.article_number = articles.article_number
left join lead_times
    on
        articles.tenant_id = lead_times.tenant_id
        and articles.supplier_number = lead_times.supplier_number
where
    coalesce(lines.expected_on, as_of.as_of_date)
    >= {{ add_days(
        'as_of.as_of_date', '-ceil(coalesce(lead_times.lead_time_days, ' ~ var('default_lead_time_days') ~ '))'
    ) }}
group by lines.tenant_id, lines.article_number, lines.article_size_number, lines.branch_number
