-- Settings of the tenant file for an article, supplier, category or class that the marts have not, where they have any;
-- with `of_scope`, the names that there are instead.
with articles as (
    select * from analytics.dim_article
    where tenant_id = $tenant_id
),

classes as (
    select * from analytics.article_class
    where tenant_id = $tenant_id
),

known as (
    select
        'article' as scope,
        cast(article_number as varchar) as scope_key,
        cast(article_number as varchar) as shown
    from articles
    union all
    select distinct
        'supplier' as scope,
        cast(supplier_number as varchar) as scope_key,
        cast(supplier_number as varchar) as shown
    from articles
    union all
    select distinct
        'class' as scope,
        value_class as scope_key,
        value_class as shown
    from classes
    union all
    select distinct
        'class' as scope,
        value_class || variability_class as scope_key,
        value_class || variability_class as shown
    from classes
    union all
    select
        'article_kind' as scope,
        supplier_article_number as scope_key,
        cast(article_number as varchar) as shown
    from articles
    union all
    select distinct
        'supplier_kind' as scope,
        supplier_name as scope_key,
        cast(supplier_number as varchar) as shown
    from articles
    union all
    select distinct
        'category_kind' as scope,
        cast(category_number as varchar) as scope_key,
        cast(category_number as varchar) as shown
    from articles
    union all
    select distinct
        'category_kind' as scope,
        category_name as scope_key,
        cast(category_number as varchar) as shown
    from articles
),

-- Of what the marts have none at all, nothing is said yet.
present as (
    select distinct scope
    from known
    where scope_key is not null
),

named as (
    select distinct
        scope,
        scope_key,
        scope as known_as,
        scope as also_known_as
    from raw.replenishment_policy
    where
        tenant_id = $tenant_id
        and scope <> 'tenant'
    union all
    select distinct
        scope || '_kind' as scope,
        scope_key,
        scope as known_as,
        scope || '_kind' as also_known_as
    from raw.tenant_setting
    where
        tenant_id = $tenant_id
        and setting = 'article_kind'
)

{% if of_scope %}
select distinct
    known.scope_key,
    known.shown
from named
inner join present
    on present.scope in (named.known_as, named.also_known_as)
inner join known
    on present.scope = known.scope
where
    named.scope = $scope
    and named.scope_key = $scope_key
    and known.scope_key is not null
order by
    known.shown,
    known.scope_key;
{% else %}
select distinct
    named.scope,
    named.scope_key
from named
inner join present
    on present.scope in (named.known_as, named.also_known_as)
left join known
    on
        named.scope_key = known.scope_key
        and known.scope in (named.known_as, named.also_known_as)
where known.scope_key is null
order by
    named.scope,
    named.scope_key;
{% endif %}
