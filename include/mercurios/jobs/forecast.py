"""The weekly forecast as three steps that may run on different machines: prepare, fit a shard, load.

What the steps hand to each other lies in the landing area: what the shards share and the panel of each, then a Parquet
part and a manifest per shard. A shard can be fitted again alone, and the result does not depend on how many
shards there are. Each run also measures what earlier forecasts of the weeks closed since were worth.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from mercurios.jobs.forecast_accuracy import (
    BacktestSums,
    Measurement,
    backtest_measurements,
    known_week_metrics,
    record,
)
from mercurios.jobs.forecast_history import read_earlier
from mercurios.landing.manifest import Part
from mercurios.landing.part_writer import PartWriter
from mercurios.landing.store import LandingStore, safe_key
from mercurios.tenants import Tenant
from mercurios.tenants.run import Run
from mercurios.warehouse.engine import Engine, WarehouseError
from mercurios.warehouse.load import TenantGuardError
from mercurios.warehouse.sql import render

if TYPE_CHECKING:
    import pyarrow as pa

    from mercurios.forecasting import ForecastSettings

log = logging.getLogger(__name__)

_KEYS = ("tenant_id", "article_number", "branch_number", "origin_week")
_AMOUNTS = ("mean", "quantile_50", "quantile_80", "quantile_95")
_PARTS = ("part_level", "part_trend", "part_season", "part_holiday", "part_regressor")
_STAMP = ("run_id", "created_at")
_FORECAST_COLUMNS = (*_KEYS, "week_start", "horizon", "method", *_AMOUNTS, *_PARTS, *_STAMP)
_PROTECTION_COLUMNS = (*_KEYS, "periods", *_AMOUNTS, *_STAMP)


class ForecastError(Exception):
    """The forecast cannot be made; the message says what is missing."""


class ForecastPlan(BaseModel):
    """What every shard of a forecast run must know.

    Attributes:
        context_url: NumPy archive with what the shards share.
        holidays: public holidays of history and horizon.
        shard_size: series per shard.
        shards: number of shards.
        origin_week: Monday of the last week of history.
        live: what earlier forecasts of the last weeks were worth.
        left_out: how much of them cannot be measured, by metric.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    tenant_id: str
    run_id: str
    context_url: str
    holidays: list[date]
    horizon: int
    shard_size: int
    shards: int
    origin_week: date
    live: list[Measurement] = []
    left_out: dict[str, float | None] = {}


class ShardManifest(BaseModel):
    """What the fit of one shard landed: its forecast by week and by sum of weeks, its backtest, its errors' sums."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tenant_id: str
    run_id: str
    shard: int
    origin_week: date
    forecast: Part
    protection: Part
    backtest: Part | None
    accuracy: BacktestSums


@dataclass(frozen=True)
class LoadedForecast:
    """What was loaded, and how the methods did in the backtest (WAPE)."""

    origin_week: date
    series: int
    rows: int
    wape: dict[str, float | None]


def prepare(engine: Engine, store: LandingStore, tenant: Tenant, run: Run) -> str:
    """Read published demand, learn what the shards share, and write both to the landing area.

    Args:
        engine: the tenant's published marts.
        store: the landing area.
        tenant: whose settings give horizon and shard size.
        run: the forecast run.

    Returns:
        URL of the plan.

    Raises:
        ForecastError: there is no demand to forecast.
    """
    from mercurios.forecasting import fit_shared, panel_of, shards

    demand = engine.fetch_arrow(render(engine.dialect, "forecast_demand"), {"tenant_id": tenant.id})
    if not demand.num_rows:
        raise ForecastError(
            f"tenant {tenant.id}: the published demand holds no complete week; run the pipeline until it publishes one"
        )
    holidays = engine.fetch_arrow(render(engine.dialect, "forecast_holidays"), {"tenant_id": tenant.id})[
        "date"
    ].to_pylist()
    panel = panel_of(demand)
    earlier = read_earlier(engine, tenant.id, panel)
    context = fit_shared(panel, holidays, _settings(tenant.forecast.horizon_weeks))
    folder, size = _folder(run.tenant_id, run.run_id), tenant.forecast.shard_size
    _store_arrays(store, f"{folder}/shared.npz", context.to_arrays())
    count = 0
    for count, part in enumerate(shards(panel, size), start=1):
        arrays = part.to_arrays() | {"previous": earlier.methods_of(part)}
        _store_arrays(store, _panel_path(folder, count - 1), arrays)
    plan = ForecastPlan(
        tenant_id=run.tenant_id,
        run_id=run.run_id,
        context_url=store.address(f"{folder}/shared.npz"),
        holidays=holidays,
        horizon=tenant.forecast.horizon_weeks,
        shard_size=size,
        shards=count,
        origin_week=panel.week_starts[-1].item(),
        live=earlier.measured(panel),
        left_out=earlier.left_out(panel),
    )
    log.info("%d series of %d weeks in %d shards", panel.n_series, panel.n_weeks, plan.shards)
    return store.write_document(f"{folder}/plan.json", plan.model_dump_json(indent=2).encode())


def read_plan(store: LandingStore, url: str, run: Run | None = None) -> ForecastPlan:
    """Read a forecast plan by URL.

    Args:
        store: the landing area.
        url: the plan.
        run: the run that uses it; None where the plan alone says whose it is.

    Raises:
        TenantGuardError: it is the plan of another run or tenant, or leads out of its run's folder.
    """
    plan = ForecastPlan.model_validate_json(store.read_bytes(url))
    if run is not None and (plan.tenant_id, plan.run_id) != (run.tenant_id, run.run_id):
        raise TenantGuardError(
            f"{run}: the plan {url} is of run {plan.run_id} of tenant {plan.tenant_id!r}; clear demand with its "
            "downstream tasks"
        )
    folder = _folder(plan.tenant_id, plan.run_id)
    for each in (url, plan.context_url):
        if not store.lies_in(each, folder):
            raise TenantGuardError(
                f"{each} does not lie in the folder {folder} of its run; clear demand with its downstream tasks"
            )
    return plan


def fit_shard(store: LandingStore, plan_url: str, shard: int, run: Run | None = None) -> str:
    """Forecast one shard and land the result.

    Args:
        store: the landing area.
        plan_url: what `prepare` returned.
        shard: number of the shard, from 0.
        run: the run that fits; None where the plan alone says whose it is.

    Returns:
        URL of the shard's manifest, written last.

    Raises:
        TenantGuardError: the plan is of another run or tenant.
    """
    import numpy as np

    from mercurios.forecasting import Panel, SharedContext, forecast

    plan = read_plan(store, plan_url, run)
    home = _folder(plan.tenant_id, plan.run_id)
    arrays = dict(np.load(BytesIO(store.read_bytes(store.address(_panel_path(home, shard))))))
    context = SharedContext.from_arrays(np.load(BytesIO(store.read_bytes(plan.context_url))))
    panel = Panel.from_arrays(arrays)
    result = forecast(panel, plan.holidays, _settings(plan.horizon), context, arrays["previous"])
    log.info("shard %d: %s", shard, result.summary)
    folder = _shard_folder(home, shard)
    _store_arrays(store, f"{folder}/model.npz", result.model.to_arrays())
    stamp = datetime.now(UTC).replace(tzinfo=None)
    weeks = _stamped(result.forecast, plan, stamp, _FORECAST_COLUMNS)
    sums = _stamped(result.protection, plan, stamp, _PROTECTION_COLUMNS)
    manifest = ShardManifest(
        tenant_id=plan.tenant_id,
        run_id=plan.run_id,
        shard=shard,
        origin_week=plan.origin_week,
        forecast=_write(store, f"{folder}/forecast.parquet", weeks)[0],
        protection=_write(store, f"{folder}/protection.parquet", sums)[0],
        backtest=next(iter(_write(store, f"{folder}/backtest.parquet", result.backtest)), None),
        accuracy=BacktestSums.of(result.accuracy),
    )
    return store.write_document(f"{folder}/manifest.json", manifest.model_dump_json(indent=2).encode())


def load_forecast(
    engine: Engine, store: LandingStore, plan_url: str, manifest_urls: Sequence[str], run: Run | None = None
) -> LoadedForecast:
    """Load every shard in one transaction, in place of an earlier forecast of the same week.

    Args:
        engine: the tenant's warehouse, set up.
        store: the landing area.
        plan_url: what `prepare` returned.
        manifest_urls: one per shard.
        run: the run that loads; None where the plan alone says whose it is.

    Raises:
        WarehouseError: shards are missing, or belong to another run; nothing is loaded.
        TenantGuardError: plan, parts or rows are another run's or tenant's; nothing is loaded.
        LandingError: a part is missing or is not the file its manifest names.
    """
    plan = read_plan(store, plan_url, run)
    manifests = [ShardManifest.model_validate_json(store.read_bytes(url)) for url in manifest_urls]
    # Sums of doubles depend on their order.
    manifests.sort(key=lambda manifest: manifest.shard)
    _check_shards(plan, manifests)
    for each in manifests:
        _check_parts(store, each)
    key = {"tenant_id": plan.tenant_id, "origin_week": plan.origin_week}
    # Before the transaction, which it would end on Snowflake.
    engine.execute(render(engine.dialect, "forecast_backtest_create"))
    with engine.transaction():
        engine.claim(plan.tenant_id)
        engine.execute(render(engine.dialect, "forecast_delete"), key)
        engine.execute(render(engine.dialect, "protection_delete"), key)
        rows = _copy(engine, "forecast_weekly", _FORECAST_COLUMNS, [each.forecast for each in manifests])
        _copy(engine, "forecast_protection", _PROTECTION_COLUMNS, [each.protection for each in manifests])
        wape = _monitor(engine, plan, manifests)
    return LoadedForecast(plan.origin_week, rows // plan.horizon, rows, wape)


def _copy(engine: Engine, table: str, columns: Sequence[str], parts: Sequence[Part]) -> int:
    rows = engine.copy_files(f"analytics.{table}", list(columns), [part.url for part in parts])
    expected = sum(part.rows for part in parts)
    if rows != expected:
        raise WarehouseError(f"{rows} rows of {table} were copied, the manifests list {expected}")
    return rows


def _check_shards(plan: ForecastPlan, manifests: Sequence[ShardManifest]) -> None:
    found = sorted(manifest.shard for manifest in manifests)
    if found != list(range(plan.shards)):
        raise WarehouseError(
            f"the run has shards 0 to {plan.shards - 1}, but {found} were landed: clear `fit`"
        )
    for manifest in manifests:
        if (manifest.tenant_id, manifest.run_id) != (plan.tenant_id, plan.run_id):
            raise WarehouseError(
                f"shard {manifest.shard} belongs to run {manifest.run_id} of {manifest.tenant_id}, not to this one"
            )


def _check_parts(store: LandingStore, manifest: ShardManifest) -> None:
    """Make sure that a shard's parts are the files it names, in its own folder, with rows of its tenant alone."""
    folder = _shard_folder(_folder(manifest.tenant_id, manifest.run_id), manifest.shard)
    for part in filter(None, (manifest.forecast, manifest.protection, manifest.backtest)):
        if not store.lies_in(part.url, folder):
            raise TenantGuardError(
                f"{part.url} does not lie in the folder {folder} of its shard; nothing was loaded. Clear `fit`"
            )
        store.verify(part)
    for part in (manifest.forecast, manifest.protection):
        if part.rows and store.texts_of(part.url, "tenant_id") != {manifest.tenant_id}:
            raise TenantGuardError(
                f"{part.url} holds rows of another tenant than {manifest.tenant_id!r}; nothing was loaded. Clear `fit`"
            )


def _monitor(
    engine: Engine, plan: ForecastPlan, manifests: Sequence[ShardManifest]
) -> dict[str, float | None]:
    """Measure the backtest of all shards together; record it beside what earlier forecasts were worth."""
    backtests = [manifest.backtest.url for manifest in manifests if manifest.backtest]
    engine.copy_files("stage_backtest", ["actual", "mean", "seasonal_naive", "mean_13w"], backtests)
    rows = engine.fetch_arrow(render(engine.dialect, "forecast_backtest_wape")).to_pylist()
    measured: dict[str, float | None] = rows[0]
    sums = [manifest.accuracy for manifest in manifests]
    metrics = measured | known_week_metrics(sums) | plan.left_out
    classes = [*backtest_measurements(sums), *plan.live]
    record(engine, plan.tenant_id, plan.run_id, plan.origin_week, classes, metrics)
    return measured


def _settings(horizon: int) -> ForecastSettings:
    from mercurios.forecasting import ForecastSettings

    return ForecastSettings(horizon=horizon)


def _stamped(table: pa.Table, plan: ForecastPlan, stamp: datetime, columns: Sequence[str]) -> pa.Table:
    import pyarrow as pa

    count = table.num_rows
    table = table.append_column("tenant_id", pa.repeat(plan.tenant_id, count))
    table = table.append_column("run_id", pa.repeat(plan.run_id, count))
    table = table.append_column("created_at", pa.repeat(pa.scalar(stamp, pa.timestamp("us")), count))
    return table.select(list(columns))


def _write(store: LandingStore, path: str, table: pa.Table) -> list[Part]:
    writer = PartWriter(store, path, "rows", "forecast", table.schema)
    writer.write(table)
    return writer.close()


def _panel_path(folder: str, shard: int) -> str:
    return f"{_shard_folder(folder, shard)}/panel.npz"


def _shard_folder(folder: str, shard: int) -> str:
    return f"{folder}/shard={shard:05d}"


def _store_arrays(store: LandingStore, path: str, arrays: dict[str, Any]) -> None:
    import numpy as np

    with store.create(path) as handle:
        np.savez_compressed(handle, allow_pickle=False, **arrays)


def _folder(tenant_id: str, run_id: str) -> str:
    return f"tenant={tenant_id}/forecasts/run={safe_key(run_id)}"
