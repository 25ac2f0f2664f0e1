"""Operators of the weekly forecast; each calls one step of `mercurios.jobs.forecast`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mercurios_airflow.alerts.findings import reporting
from mercurios_airflow.tenant_operator import TenantOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class DemandOperator(TenantOperator):
    """Reads published demand and prepares the shards.

    Returns:
        Arguments of the mapped fits, one per shard.
    """

    ui_color = "#f3ecdf"

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Prepare the run from what readers see."""
        from mercurios.jobs.forecast import prepare, read_plan
        from mercurios_airflow.landing import landing_of
        from mercurios_airflow.warehouse.hooks import warehouse_of

        tenant = self.tenant()
        store = landing_of(tenant)
        run = self.run_of(context)
        with warehouse_of(tenant, run).readers() as engine:
            plan_url = prepare(engine, store, tenant, run)
        shards = read_plan(store, plan_url, run).shards
        return [{"plan_url": plan_url, "shard": shard} for shard in range(shards)]


class FitOperator(TenantOperator):
    """Forecasts one shard.

    Args:
        plan_url: the run's plan.
        shard: number of the shard.

    Returns:
        The plan's URL and the URL of the shard's manifest.
    """

    template_fields: Sequence[str] = ("plan_url", "shard")
    ui_color = "#f3ecdf"

    def __init__(self, *, plan_url: Any, shard: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.plan_url = plan_url
        self.shard = shard

    def execute(self, context: Context) -> dict[str, str]:
        """Fit the shard."""
        from mercurios.jobs.forecast import fit_shard
        from mercurios_airflow.landing import landing_of

        store = landing_of(self.tenant())
        return {
            "plan_url": self.plan_url,
            "manifest_url": fit_shard(store, self.plan_url, int(self.shard), self.run_of(context)),
        }


class LoadForecastOperator(TenantOperator):
    """Loads all shards in one transaction, and reports where earlier forecasts have become worse.

    Args:
        fits: what the fits returned.

    Returns:
        Series, rows and the backtest's errors.
    """

    template_fields: Sequence[str] = ("fits",)
    reports_findings = True

    def __init__(self, *, fits: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fits = fits

    def execute(self, context: Context) -> dict[str, Any]:
        """Load the forecast, and report what its monitoring found."""
        from mercurios.jobs.findings import forecast_findings
        from mercurios.jobs.forecast import load_forecast
        from mercurios.warehouse.setup import set_up
        from mercurios_airflow.landing import landing_of
        from mercurios_airflow.warehouse.hooks import warehouse_of

        tenant = self.tenant()
        run = self.run_of(context)
        fits = list(self.fits)
        with (
            warehouse_of(tenant, run).get_conn() as engine,
            reporting(context, lambda: forecast_findings(engine, run)),
        ):
            set_up(engine)
            store = landing_of(tenant)
            manifests = [fit["manifest_url"] for fit in fits]
            loaded = load_forecast(engine, store, fits[0]["plan_url"], manifests, run)
        return {
            "origin_week": loaded.origin_week.isoformat(),
            "series": loaded.series,
            "rows": loaded.rows,
            **loaded.wape,
        }
