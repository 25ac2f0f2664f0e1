with lines_apart as (

    select * from {{ ref('fct_lines_apart') }}
    where
        tenant_id = {{ tenant_id() }}
        and line_kind in {{ correction_kinds() }}

),

sales as (

    select * from {{ ref('fct_sales') }}
    where tenant_id = {{ tenant_id() }}

),

stock_reports as (

    select * from {{ ref('stock_report') }}
    where tenant_id = {{ tenant_id() }}

),

articles as (

    select * from {{ ref('dim_article') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select
        *,
        {{ add_days('as_of_date', '1 - ' ~ var('issue_days')) }} as first_day
    from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

-- A write-off has no amount but what the goods cost; what was mistyped, or sold without a cost, has one.
lines as (

    select
        tenant_id,
        article_number,
        branch_number,
        sold_on,
        line_kind as issue,
        units,
        case when line_kind = 'write-off' then cost else amount end as amount
    from lines_apart
    union all
    select
        tenant_id,
        case when margin_note <> 'no price basis' then article_number end as article_number,
        case when margin_note <> 'no price basis' then branch_number end as branch_number,
        sold_on,
        {{ margin_issue() }} as issue,
        units,
        revenue as amount
    from sales
    where margin_note is not null
    {%- for issue, condition in [
        ('sale without article', 'sales.article_number is null'),
        ('sale without branch', 'sales.branch_number is null'),
        ('sale after today', 'sales.sold_on > ' ~ add_days('as_of.as_of_date', 1)),
    ] %}
    union all
    select
        sales.tenant_id,
        sales.article_number,
        sales.branch_number,
        sales.sold_on,
        '{{ issue }}' as issue,
        sales.units,
        sales.revenue as amount
    from sales
    inner join as_of
        on sales.tenant_id = as_of.tenant_id
    where {{ condition }}
    {%- endfor %}

)

select
    lines.tenant_id,
    coalesce(lines.article_number, 0) as article_number,
    0 as article_size_number,
    coalesce(lines.branch_number, 0) as branch_number,
    lines.issue,
    sum(coalesce(lines.units, 0)) as units,
    sum(lines.amount) as amount
from lines
inner join as_of
    on lines.tenant_id = as_of.tenant_id
where lines.sold_on >= as_of.first_day
group by lines.tenant_id, coalesce(lines.article_number, 0), coalesce(lines.branch_number, 0), lines.issue
union all
select
    stock_reports.tenant_id,
    stock_reports.article_number,
    0 as article_size_number,
    coalesce(stock_reports.branch_number, 0) as branch_number,
    'stock of a service' as issue,
    sum(stock_reports.stock_units) as units,
    sum(stock_reports.stock_units * articles.purchase_price) as amount
from stock_reports
inner join articles
    on
        stock_reports.tenant_id = articles.tenant_id
        and stock_reports.article_number = articles.article_number
where
    articles.is_service
    and stock_reports.stock_units <> 0
group by stock_reports.tenant_id, stock_reports.article_number, coalesce(stock_reports.branch_number, 0)
