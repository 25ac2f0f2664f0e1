-- Demand classes whose forecast drifts by the monitoring of a run, unless that of the run before said so as well.
with measured as (
    select
        run_id,
        metric,
        value,
        measured_at
    from ops.model_monitor
    where tenant_id = $tenant_id
),

own as (
    select
        replace(metric, 'live_drift', 'live_ratio') as ratio_metric,
        metric,
        measured_at
    from measured
    where
        run_id = $run_id
        and metric like 'live_drift%'
        and value = 1
),

earlier as (
    select
        own.metric,
        max_by(measured.value, measured.measured_at) as value
    from own
    inner join measured
        on
            own.metric = measured.metric
            and measured.run_id <> $run_id
            and own.measured_at > measured.measured_at
    group by own.metric
),

usual as (
    select
        own.metric,
        median(measured.value) as ratio
    from own
    inner join measured
        on
            own.ratio_metric = measured.metric
            and measured.run_id <> $run_id
            and own.measured_at > measured.measured_at
    group by own.metric
)

select
    own.metric,
    measured.value as ratio,
    usual.ratio as usual_ratio
from own
inner join measured
    on
        own.ratio_metric = measured.metric
        and measured.run_id = $run_id
left join usual
    on own.metric = usual.metric
left join earlier
    on own.metric = earlier.metric
where coalesce(earlier.value, 0) = 0
order by own.metric;
