with articles as (

    select * from {{ ref('dim_article') }}
    where tenant_id = {{ tenant_id() }}

),

classes as (

    select * from {{ ref('article_class') }}
    where tenant_id = {{ tenant_id() }}

),

policies as (

    select * from {{ ref('stg_mercurios__replenishment_policies') }}
    where tenant_id = {{ tenant_id() }}

),

-- The most particular scope first.
keys as (

    select
        articles.tenant_id,
        articles.article_number,
        'article' as scope,
        cast(articles.article_number as varchar) as scope_key,
        1 as preference
    from articles
    union all
    select
        articles.tenant_id,
        articles.article_number,
        'supplier' as scope,
        cast(articles.supplier_number as varchar) as scope_key,
        2 as preference
    from articles
    where articles.supplier_number is not null
    union all
    select
        tenant_id,
        article_number,
        'class' as scope,
        value_class || variability_class as scope_key,
        3 as preference
    from classes
    union all
    select
        tenant_id,
        article_number,
        'class' as scope,
        value_class as scope_key,
        4 as preference
    from classes
    union all
    select
        tenant_id,
        article_number,
        'tenant' as scope,
        '' as scope_key,
        5 as preference
    from articles

),

decided as (

    select
        keys.tenant_id,
        keys.article_number,
        policies.setting,
        policies.setting_value
    from keys
    inner join policies
        on
            keys.tenant_id = policies.tenant_id
            and keys.scope = policies.scope
            and keys.scope_key = policies.scope_key
    qualify
        row_number() over (
            partition by keys.tenant_id, keys.article_number, policies.setting
            order by keys.preference
        ) = 1

)

select
    tenant_id,
    article_number,
    {{ setting('is_reordered') }} as is_reordered,
    {{ setting('service_level') }} as service_level,
    {{ setting('lead_time_days') }} as lead_time_days,
    {{ setting('review_days') }} as review_days,
    {{ setting('order_cycle_days') }} as order_cycle_days,
    {{ setting('pack_size') }} as pack_size,
    {{ setting('minimum_order_units') }} as minimum_order_units,
    {{ setting('minimum_order_value') }} as minimum_order_value,
    {{ setting('display_units') }} as display_units,
    {{ setting('customers_wait') }} as customers_wait,
    {{ setting('transfer_minimum') }} as transfer_minimum,
    {{ setting('expedite_days') }} as expedite_days,
    {{ setting('expedite_by_days') }} as expedite_by_days,
    {{ setting('action_units') }} as action_units,
    {{ setting('action_value') }} as action_value,
    {{ setting('order_line_value') }} as order_line_value,
    {{ setting('holding_rate') }} as holding_rate,
    {{ setting('decide_units') }} as decide_units,
    {{ setting('budget') }} as budget
from decided
group by tenant_id, article_number
