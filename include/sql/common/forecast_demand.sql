-- Weekly demand of every article and branch that can be planned: service articles are not. Weeks after the end of an
-- article's life in a branch are no unknown demand. All series share one axis of weeks, so it begins where the retailer's
-- history does: with the first week of sales that five others follow within a year. A few receipts of long before, which a
-- till with a wrong clock has printed, are older than that, and move no forecast.
--
-- What a week sold, it sold of the sizes that were on offer. on_offer is their share of the demand, by the size curve, over
-- that of the sizes that still have demand in the branch: below 1 where sizes were missing, above 1 where sizes were there
-- that are gone for good by now. A size counts as on offer in the week in which it runs out, since it ran out by selling.
-- Where no size was there, is_stock_out alone decides: what sold then was there, whatever the books say.
with sold_weeks as (
    select distinct week_start
    from {{ published_schema() }}.fct_demand_weekly
    where
        tenant_id = $tenant_id
        and units > 0
),

followed as (
    select
        week_start,
        lead(week_start, 5) over (order by week_start) as sixth_week
    from sold_weeks
),

history as (
    select min(week_start) as first_week
    from followed
    where sixth_week <= week_start + 364
),

sizes as (
    select
        lives.article_number,
        lives.article_size_number,
        lives.branch_number,
        lives.season_ends_on,
        lives.has_demand,
        lives.first_seen_on,
        lives.life_since,
        curves.size_share
    from {{ published_schema() }}.article_life as lives
    inner join {{ published_schema() }}.size_curve as curves
        on
            lives.tenant_id = curves.tenant_id
            and lives.article_number = curves.article_number
            and lives.article_size_number = curves.article_size_number
    where
        lives.tenant_id = $tenant_id
        and (lives.has_demand or lives.first_seen_on is not null)
),

-- All sizes that the branch has or had, and those that are wanted; where none is any more, all of them.
branches as (
    select
        article_number,
        branch_number,
        max(season_ends_on) as season_ends_on,
        max(case when has_demand then 1 else 0 end) as is_wanted,
        max(life_since) as over_since,
        sum(size_share) as share_seen,
        coalesce(sum(case when has_demand then size_share end), sum(size_share)) as share_wanted
    from sizes
    group by article_number, branch_number
),

-- Days on which a size was not on offer: until it first came, between a sell-out and the next supply, and after its end.
absences as (
    select
        article_number,
        branch_number,
        size_share,
        cast('1900-01-01' as date) as absent_from,
        coalesce(first_seen_on, cast('9999-12-31' as date)) as absent_until
    from sizes
    union all
    select
        sizes.article_number,
        sizes.branch_number,
        sizes.size_share,
        spells.started_on + 1 as absent_from,
        coalesce(spells.ended_on, cast('9999-12-31' as date)) as absent_until
    from sizes
    inner join {{ published_schema() }}.stock_out_spells as spells
        on
            sizes.article_number = spells.article_number
            and sizes.article_size_number = spells.article_size_number
            and sizes.branch_number = spells.branch_number
    where spells.tenant_id = $tenant_id
    union all
    select
        article_number,
        branch_number,
        size_share,
        life_since + 1 as absent_from,
        cast('9999-12-31' as date) as absent_until
    from sizes
    where not has_demand
),

weeks as (
    select distinct week_start
    from {{ published_schema() }}.fct_demand_weekly
    where tenant_id = $tenant_id
),

missing as (
    select
        absences.article_number,
        absences.branch_number,
        weeks.week_start,
        sum(absences.size_share * (least(absences.absent_until, weeks.week_start + 7) - weeks.week_start)) / 7
            as share_missing
    from absences
    inner join branches
        on
            absences.article_number = branches.article_number
            and absences.branch_number = branches.branch_number
    inner join weeks
        on
            absences.absent_from <= weeks.week_start
            and absences.absent_until > weeks.week_start
    where
        branches.is_wanted = 1
        or weeks.week_start < branches.over_since
    group by absences.article_number, absences.branch_number, weeks.week_start
)

select
    demand.article_number,
    demand.branch_number,
    demand.week_start,
    cast(demand.units as double) as units,
    demand.is_stock_out,
    coalesce(demand.is_over, false) as is_over,
    branches.season_ends_on,
    case
        when
            branches.share_wanted > 0
            and branches.share_seen - coalesce(missing.share_missing, 0) > 0.0001
            then (branches.share_seen - coalesce(missing.share_missing, 0)) / branches.share_wanted
        else 1
    end as on_offer,
    coalesce(demand.category_number, 0) as category_number,
    coalesce(demand.season_number, 0) as season_number,
    coalesce(articles.supplier_number, 0) as supplier_number,
    cast(coalesce(articles.sale_price, 0) as double) as sale_price
from {{ published_schema() }}.fct_demand_weekly as demand
cross join history
left join {{ published_schema() }}.dim_article as articles
    on
        demand.tenant_id = articles.tenant_id
        and demand.article_number = articles.article_number
left join branches
    on
        demand.article_number = branches.article_number
        and demand.branch_number = branches.branch_number
left join missing
    on
        demand.article_number = missing.article_number
        and demand.branch_number = missing.branch_number
        and demand.week_start = missing.week_start
where
    demand.tenant_id = $tenant_id
    and demand.week_start >= coalesce(history.first_week, demand.week_start)
    and not coalesce(articles.is_service, false)
order by
    demand.article_number,
    demand.branch_number,
    demand.week_start;
