with lines as (

    select * from {{ ref('int_order_lines_valued') }}

),

marked as (

    select
        lines.*,
        case
            when lines.is_cancelled then least(lines.ordered_units, lines.delivered_units)
            else lines.ordered_units
        end as wanted_units,
        {{ in_year('lines.ordered_on', 'lines') }}
        and (not lines.is_cancelled or lines.delivered_units > 0) as is_ordered,
        {{ in_year('lines.received_on', 'lines') }} as is_received,
        lines.open_units = 0
        and (not lines.is_cancelled or lines.delivered_units > 0) as is_finished,
        {{ in_year('coalesce(lines.expected_on, lines.received_on)', 'lines') }}
        and not lines.is_cancelled as is_due
    from lines

)

-- A line that was closed short was due in full; what was delivered of a cancelled one was ordered.
select
    tenant_id,
    supplier_number,
    count(distinct case when is_ordered then order_id end) as orders_placed,
    sum(case when is_ordered then wanted_units else 0 end) as ordered_units,
    sum(case when is_ordered then wanted_units * unit_cost end) as ordered_value,
    case
        when count(case when is_ordered and unit_cost is null then 1 end) > 0
            then
                {{ some_of(
                    'count(case when is_ordered and unit_cost is null then 1 end)',
                    'count(case when is_ordered then 1 end)',
                    'lines: no purchase price',
                ) }}
    end as value_note,
    sum(case when is_received then delivered_units else 0 end) as units_received,
    sum(case when is_ordered and is_finished then wanted_units else 0 end) as finished_units,
    sum(case when is_ordered and is_finished then greatest(wanted_units - delivered_units, 0) else 0 end)
        as short_units,
    sum(case when is_due then ordered_units else 0 end) as due_units,
    sum(case when is_due then least(delivered_units, ordered_units) else 0 end) as arrived_units
from marked
group by tenant_id, supplier_number
