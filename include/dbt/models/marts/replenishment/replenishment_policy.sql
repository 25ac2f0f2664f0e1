{{ config(materialized='incremental') }}

with articles as (

    select * from {{ ref('dim_article') }}
    where tenant_id = {{ tenant_id() }}

),

classes as (

    select * from {{ ref('article_class') }}
    where tenant_id = {{ tenant_id() }}

),

lead_times as (

    select * from {{ ref('supplier_lead_time') }}
    where tenant_id = {{ tenant_id() }}

),

settings as (

    select * from {{ ref('int_policy_settings') }}

),

packs as (

    select * from {{ ref('int_learned_packs') }}

),

-- A supplier that never delivered is taken to be as fast as the others.
other_suppliers as (

    select
        tenant_id,
        sum(deliveries) as deliveries,
        avg(lead_time_days) as lead_time_days,
        avg(lead_time_deviation_days) as lead_time_deviation_days
    from lead_times
    group by tenant_id

)

select
    articles.tenant_id,
    articles.article_number,
    articles.supplier_number,
    classes.value_class,
    classes.variability_class,
    not articles.is_service
    and articles.is_supplier_active
    and coalesce(settings.is_reordered > 0, articles.is_nos and articles.is_active) as is_reordered,
    cast(coalesce(settings.service_level, {{ var('default_service_level') }}) as double) as service_level,
    cast(
        coalesce(
            settings.lead_time_days,
            lead_times.lead_time_days,
            other_suppliers.lead_time_days,
            {{ var('default_lead_time_days') }}
        ) as double
    ) as lead_time_days,
    cast(
        case
            when settings.lead_time_days is not null then 0
            else coalesce(lead_times.lead_time_deviation_days, other_suppliers.lead_time_deviation_days, 0)
        end as double
    ) as lead_time_deviation_days,
    case
        when settings.lead_time_days is not null then 'policy'
        when lead_times.deliveries > 0 then 'supplier'
        when other_suppliers.deliveries > 0 then 'other suppliers'
        else 'default'
    end as lead_time_source,
    cast(coalesce(settings.review_days, {{ var('default_review_days') }}) as double) as review_days,
    cast(coalesce(settings.order_cycle_days, {{ var('default_order_cycle_days') }}) as double)
        as order_cycle_days,
    cast(coalesce(settings.pack_size, packs.pack_size, {{ var('default_pack_size') }}) as double)
        as pack_size,
    {{ source_of_quantity('pack_size') }} as pack_source,
    cast(
        coalesce(
            settings.minimum_order_units, packs.minimum_order_units, {{ var('default_minimum_order_units') }}
        ) as double
    ) as minimum_order_units,
    {{ source_of_quantity('minimum_order_units') }} as minimum_source,
    cast(coalesce(settings.minimum_order_value, 0) as double) as minimum_order_value,
    {%- for name in [
        'display_units', 'transfer_minimum', 'expedite_days', 'expedite_by_days', 'action_units', 'action_value',
        'order_line_value', 'holding_rate', 'decide_units',
    ] %}
    cast(coalesce(settings.{{ name }}, {{ var('default_' ~ name) }}) as double) as {{ name }},
    {%- endfor %}
    cast(settings.budget as double) as budget,
    coalesce(settings.customers_wait, {{ var('default_customers_wait') }}) > 0 as customers_wait
from articles
left join classes
    on
        articles.tenant_id = classes.tenant_id
        and articles.article_number = classes.article_number
left join lead_times
    on
        articles.tenant_id = lead_times.tenant_id
        and articles.supplier_number = lead_times.supplier_number
left join other_suppliers
    on articles.tenant_id = other_suppliers.tenant_id
left join settings
    on
        articles.tenant_id = settings.tenant_id
        and articles.article_number = settings.article_number
left join packs
    on
        articles.tenant_id = packs.tenant_id
        and articles.article_number = packs.article_number
