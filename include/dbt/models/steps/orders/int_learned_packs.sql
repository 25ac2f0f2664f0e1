with order_lines as (

    select * from {{ ref('purchase_order_line') }}
    where
        tenant_id = {{ tenant_id() }}
        and article_number is not null
        and ordered_units >= 1
        and ordered_units = floor(ordered_units)
        and not is_cancelled

),

pack_numbers as (

    {{ integers(var('learned_packs_below')) }}

),

quantities as (

    select
        tenant_id,
        article_number,
        cast(ordered_units as bigint) as units,
        count(*) as line_count
    from order_lines
    group by tenant_id, article_number, cast(ordered_units as bigint)

),

articles as (

    select
        tenant_id,
        article_number,
        sum(line_count) as line_count
    from quantities
    group by tenant_id, article_number
    having sum(line_count) >= {{ var('pack_lines') }}

),

-- How many lines are whole packs, for every pack that might be; a single one makes every line whole.
divided as (

    select
        quantities.tenant_id,
        quantities.article_number,
        articles.line_count,
        pack_numbers.n as pack_size,
        sum(quantities.line_count) as whole_lines,
        min(quantities.units) as least_units
    from quantities
    inner join articles
        on
            quantities.tenant_id = articles.tenant_id
            and quantities.article_number = articles.article_number
    inner join pack_numbers
        on
            pack_numbers.n between 1 and quantities.units
            and mod(quantities.units, pack_numbers.n) = 0
    group by quantities.tenant_id, quantities.article_number, articles.line_count, pack_numbers.n

),

-- The largest pack that nearly all lines are whole numbers of: one in `pack_lines_per_odd` may be odd.
packs as (

    select *
    from divided
    where line_count - whole_lines <= floor(line_count / {{ var('pack_lines_per_odd') }})
    qualify row_number() over (partition by tenant_id, article_number order by pack_size desc) = 1

),

-- Many lines of the least that was ever ordered, and many of twice as much, show that less is not delivered; lines that
-- are all alike show a habit.
weighed as (

    select
        packs.tenant_id,
        packs.article_number,
        packs.line_count,
        packs.pack_size,
        packs.least_units,
        sum(case when quantities.units = packs.least_units then quantities.line_count else 0 end)
            as least_lines,
        sum(case when quantities.units >= 2 * packs.least_units then quantities.line_count else 0 end)
            as greater_lines
    from packs
    inner join quantities
        on
            packs.tenant_id = quantities.tenant_id
            and packs.article_number = quantities.article_number
    group by packs.tenant_id, packs.article_number, packs.line_count, packs.pack_size, packs.least_units

)

select
    tenant_id,
    article_number,
    line_count,
    case when pack_size > 1 then pack_size end as pack_size,
    case
        when least_units > 1 and 4 * least_lines >= line_count and 4 * greater_lines >= line_count
            then least_units
    end as minimum_order_units
from weighed
