-- Earlier values of one metric, one a week: that of its latest run.
select value
from ops.model_monitor
where
    tenant_id = $tenant_id
    and metric = $metric
    and origin_week < $before
qualify row_number() over (partition by origin_week order by measured_at desc) = 1
order by origin_week;
