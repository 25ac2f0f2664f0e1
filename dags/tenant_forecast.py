"""
# Forecast of one retailer

Forecasts every article in every branch, week by week, when the pipeline has published a week of sales that is complete.

1. **demand** reads the published demand, masks weeks without stock, and learns what all series share.
2. **fit** forecasts one shard of series per mapped task: mean, quantiles and the parts that explain them.
3. **load** puts all shards into `ANALYTICS.FORECAST_WEEKLY` and `ANALYTICS.FORECAST_PROTECTION` (demand of the first 1, 2, …
   weeks together) in one transaction and records the accuracy of the backtest and of the forecasts of weeks that have closed in
   `ANALYTICS.FORECAST_ACCURACY` and `OPS.MODEL_MONITOR`.
4. **check_forecast** gates what was loaded; **publish** makes it visible to readers beside the marts.

## When it fails

Readers keep the forecast of the week before. Every step may be run again: the same input gives the same output.
While it is missing, the pipeline announces the week again once a day, also to a DAG that was paused.

| task | usual cause | what to do |
| --- | --- | --- |
| `demand` | nothing is published yet, or the published demand is malformed | run the pipeline; the message names column and row |
| `fit` | a machine went away | clear that mapped task alone |
| `load` | the warehouse stayed locked, or shards are missing | end the process the message names; clear `fit` |
| `check_forecast` | a forecast that would mislead a buyer | read `ops.dq_result`; correct the demand; clear from `demand` |
| `publish` | the readers' folder cannot be written | free it; clear |

## What an alert means

Alerts go to the tenant's Slack channel, one per run and task. Each names tenant, run, table, what is lost and the page
of `docs/runbooks` with the steps.

| alert | what it means for you |
| --- | --- |
| failed | buyers keep the forecast of the week before; act before the next orders are placed |
| found forecast drift in `load` | the forecasts of the last weeks missed by more than usual (`forecast-drift.md`) |
| found anomaly in `check_forecast` | the forecast is published; something differs from before (`anomaly.md`) |
| failed, `RunTimedOutError` | the run as a whole took too long and was ended (`run-timed-out.md`) |
| works again | nothing to do: this forecast replaces the missing one |
"""

from __future__ import annotations

from airflow.sdk import DAG

from mercurios.tenants import Tenant
from mercurios_airflow.forecast.operators import DemandOperator, FitOperator, LoadForecastOperator
from mercurios_airflow.tenancy import (
    build_dags,
    dag_settings,
    findings_notifier,
    forecast_asset,
    marts_asset,
    recovery_notifier,
    week_closed_asset,
)
from mercurios_airflow.warehouse.operators import GateOperator, PublishOperator

# A retailer with a hundred shards leaves slots to others.
MOST_FITS = 8


def forecast(tenant: Tenant) -> DAG:
    """Build the forecast of one tenant."""
    settings = dag_settings(tenant, "forecast", __doc__)
    with DAG(schedule=[week_closed_asset(tenant)], max_active_tasks=MOST_FITS, **settings) as dag:
        demand = DemandOperator(task_id="demand", tenant_id=tenant.id, inlets=[marts_asset(tenant)])
        fit = FitOperator.partial(task_id="fit", tenant_id=tenant.id).expand_kwargs(demand.output)
        load = LoadForecastOperator(
            task_id="load",
            tenant_id=tenant.id,
            fits=fit.output,
            on_success_callback=[findings_notifier(tenant)],
        )
        check = GateOperator(
            task_id="check_forecast",
            tenant_id=tenant.id,
            gate="forecast",
            on_success_callback=[findings_notifier(tenant)],
        )
        publish = PublishOperator(
            task_id="publish",
            tenant_id=tenant.id,
            publication="forecast",
            outlets=[forecast_asset(tenant)],
            on_success_callback=[recovery_notifier(tenant)],
        )
        load >> check >> publish
    return dag


build_dags("forecast", forecast)
