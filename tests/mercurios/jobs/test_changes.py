"""A run with nothing to build ends; whatever a build hangs on, changed alone, has it go on."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from retailer import Retailer

from mercurios.jobs.changes import is_of_another_release, note_outcome, reason_to_skip
from mercurios.jobs.findings import gate_findings
from mercurios.quality.gate import _history
from mercurios.tenants import Tenant
from mercurios.tenants.run import Run
from mercurios.warehouse import basis as basis_module
from mercurios.warehouse.basis import basis_of, changed_members
from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.duckdb.publish import published_file, read_status
from mercurios.warehouse.publication import mark_stale, publish
from mercurios.warehouse.requests import approve_deletes, request_resync
from mercurios.warehouse.setup import write_reference
from prohandel_simulator.testing import RunningSimulator, running_simulator

pytestmark = [pytest.mark.simulator]
DAG, TODAY = "pipeline__mini", date(2026, 3, 4)


def run(name: str) -> Run:
    return Run("mini", DAG, name)


@dataclass
class Shop:
    """A tenant whose first run is published, and whose second has loaded nothing new."""

    engine: DuckDBEngine
    tenant: Tenant

    def reason(self, name: str = "r2", tenant: Tenant | None = None) -> str | None:
        """Return why a run of this name need not build."""
        return reason_to_skip(self.engine, run(name), basis_of(self.engine, tenant or self.tenant))

    def is_of_another_release(self) -> bool:
        """Return whether another release made the publication."""
        return is_of_another_release(self.engine, run("r2"), basis_of(self.engine, self.tenant))

    def rows(self, sql: str) -> list[dict[str, Any]]:
        return self.engine.fetch_rows(sql)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Tenant]:
    """One run, loaded and published, and a second one that has loaded the same; return home and tenant."""
    home = tmp_path_factory.mktemp("unchanged")
    with running_simulator(["mini"]) as simulator:
        retailer = _played(simulator, home)
    return home, retailer.tenant


def _played(simulator: RunningSimulator, home: Path) -> Retailer:
    retailer = Retailer(simulator, home)
    retailer.run("r1")
    with retailer.engine() as engine:
        write_reference(engine, retailer.tenant, TODAY)
        engine.execute("create table analytics.fct_sales as select 'mini' as tenant_id, 1 as units")
        publish(engine, run("r1"), ["fct_sales"], basis_of(engine, retailer.tenant))
    again = retailer.run("r2")
    assert sum(row.loaded for row in again.values()) == 0
    with retailer.engine() as engine:
        write_reference(engine, retailer.tenant, TODAY)
    return retailer


@pytest.fixture
def shop(published: tuple[Path, Tenant], tmp_path: Path) -> Iterator[Shop]:
    home, tenant = published
    shutil.copytree(home, tmp_path, dirs_exist_ok=True)
    with DuckDBEngine(tmp_path / "warehouse" / "mini.duckdb", threads=1) as engine:
        yield Shop(engine, tenant)


def test_an_hour_in_which_nothing_changed_is_skipped_and_says_why(shop: Shop) -> None:
    assert str(shop.reason()).startswith("nothing has changed since run r1 published at ")


ADDED = "insert into raw.sale select * replace ('mini' as tenant_id, 'new' as id) from raw.sale limit 1"
STATEMENTS = {
    (
        "raw",
        "a row was loaded",
    ): "update raw.sale set _loaded_at = _loaded_at + interval 1 hour where rowid = 0",
    ("raw", "a row was added"): ADDED,
    ("raw", "a row was removed"): "delete from raw.sale where rowid = 0",
    ("raw", "a row was deleted"): "update raw.article set _deleted_at = now()::timestamp where rowid = 0",
    (
        "business_day",
        "another business day",
    ): "update ops.run set as_of_date = date '2026-03-05' where run_id = 'r2'",
    ("releases", "a quarantined row was released"): "insert into ops.quarantine values"
    " ('mini', 'sale', 'r1', 1, 1, 'x', 'why', '{}', now()::timestamp, null, now()::timestamp)",
    ("source", "another source"): "update ops.source set source = 'https://elsewhere.test'",
    ("hash_key", "another key of hashes"): "update ops.hash_key set key_id = 'another'",
    (
        "hash_key",
        "the same key again, later",
    ): "update ops.hash_key set since = timestamp '2026-03-04 05:00:00'",
    (
        "reference",
        "a holiday",
    ): "insert into raw.public_holiday values ('mini', date '2026-07-01', 'Founding day')",
    (
        "reference",
        "a policy",
    ): "insert into raw.replenishment_policy values ('mini', 'default', '', 'review_days', 9)",
    (
        "reference",
        "a setting",
    ): "insert into raw.tenant_setting values ('mini', 'limits', '', 'basis', 'cost')",
    ("reference", "the name of the retailer"): "update raw.tenant set name = 'Other'",
    (
        "forecast",
        "a forecast",
    ): "insert into analytics.forecast_weekly select 'mini', 1, 1, date '2026-03-02', date '2026-03-02',"
    " 1, 'sba', 1, 1, 1, 1, 1, 0, 0, 0, 0, 'f1', now()::timestamp",
    (
        "forecast",
        "demand that orders must cover",
    ): "insert into analytics.forecast_protection select 'mini', 1, 1,"
    " date '2026-03-02', 1, 1, 1, 1, 1, 'f1', now()::timestamp",
    (
        "forecast",
        "how good a forecast was",
    ): "insert into analytics.forecast_accuracy (tenant_id, origin_week, kind, demand_class,"
    " run_id, measured_at) values ('mini', date '2026-03-02', 'live', 'all', 'f1', now()::timestamp)",
}


@pytest.mark.parametrize(
    ("member", "change"),
    [(member, change) for (member, _), change in STATEMENTS.items()],
    ids=[name for _, name in STATEMENTS],
)
def test_whatever_a_build_reads_changed_alone_has_the_run_go_on(shop: Shop, member: str, change: str) -> None:
    if not shop.rows("select 1 from ops.hash_key"):
        shop.engine.execute("insert into ops.hash_key values ('mini', 'first', null)")
        _publish(shop, "r1")
    assert shop.reason() is not None
    before = basis_of(shop.engine, shop.tenant)

    shop.engine.execute(change)

    assert shop.reason() is None
    assert changed_members(before, basis_of(shop.engine, shop.tenant)) == [member]


def test_every_member_of_the_basis_is_changed_alone_by_a_test(shop: Shop) -> None:
    others = {"product", "tenant_file", "clock", "resyncs", "approvals"}

    assert {member for member, _ in STATEMENTS} | others >= basis_of(shop.engine, shop.tenant).keys()


def test_rows_and_runs_of_another_tenant_change_nothing(shop: Shop) -> None:
    shop.engine.execute(ADDED.replace("'mini'", "'other'"))
    shop.engine.execute("insert into raw.public_holiday values ('other', date '2026-07-01', 'Founding day')")
    shop.engine.execute(
        "insert into ops.publication select 'other', run_id, dag_id, published_at, null, false, '{}', null"
        " from ops.publication"
    )

    assert shop.reason() is not None


@pytest.mark.parametrize("ask", [request_resync, approve_deletes])
def test_what_a_person_asked_for_has_the_run_go_on(shop: Shop, ask: Callable[..., None]) -> None:
    ask(shop.engine, "mini", ["sale"], "a person")

    assert shop.reason() is None


@pytest.mark.parametrize("setting", [{"currency": "CHF"}, {"dbt_tasks": "models"}, {"prices": None}])
def test_another_tenant_file_has_the_run_go_on(shop: Shop, setting: dict[str, Any]) -> None:
    assert shop.reason(tenant=shop.tenant.model_copy(update=setting)) is None


@pytest.mark.parametrize("place", ["models/marts.sql", "models/marts.yml", "quality/mart_suites.py"])
def test_another_release_has_the_run_go_on(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    file = tmp_path / "product" / place
    file.parent.mkdir(parents=True)
    file.write_text("before", encoding="utf-8")
    monkeypatch.setattr(basis_module, "_ROOT", tmp_path)
    monkeypatch.setattr(basis_module, "PRODUCT", (tmp_path / "product",))
    monkeypatch.setattr(basis_module, "product", basis_module.product.__wrapped__)
    _publish(shop, "r1")
    assert shop.reason() is not None
    assert not shop.is_of_another_release()

    file.write_text("after", encoding="utf-8")

    assert shop.reason() is None
    assert shop.is_of_another_release()


def test_new_rows_and_another_setting_are_no_other_release(shop: Shop) -> None:
    other = shop.tenant.model_copy(update={"currency": "CHF"})

    shop.engine.execute(ADDED)

    assert not is_of_another_release(shop.engine, run("r2"), basis_of(shop.engine, other))


def test_what_published_without_a_note_may_be_another_release(shop: Shop) -> None:
    shop.engine.execute("update ops.publication set basis = null")
    without_note = shop.is_of_another_release()
    shop.engine.execute("delete from ops.publication")

    assert without_note
    assert shop.is_of_another_release()


def test_another_version_of_a_library_has_the_run_go_on(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(basis_module, "product", basis_module.product.__wrapped__)
    assert shop.reason() is not None

    monkeypatch.setattr(basis_module, "_version", lambda name: "0.0" if name == "holidays" else "1.0")

    assert shop.reason() is None


def test_every_folder_of_the_release_is_there_to_be_compared() -> None:
    assert [str(place) for place in basis_module.PRODUCT if not place.exists()] == []


@pytest.mark.parametrize(
    "row",
    [
        "update raw.sale set last_change = {read} + interval 20 minute where rowid = 0",
        "update raw.sale set date = ({read} + interval 20 minute)::date,"
        " time = extract(hour from {local}) * 3600 + extract(minute from {local}) * 60 where rowid = 0",
    ],
    ids=["its stamp", "its time at the till"],
)
def test_a_row_from_after_the_reads_that_they_pass_has_the_run_go_on(shop: Shop, row: str) -> None:
    [newest] = shop.rows("select max(source_now)::varchar as read_at from ops.load_ledger")
    moment = f"timestamp '{newest['read_at']}'"
    shop.engine.execute(row.format(read=moment, local=f"({moment} + interval 80 minute)"))
    _publish(shop, "r1")
    assert shop.reason() is not None

    shop.engine.execute("update ops.load_ledger set source_now = source_now + interval 1 hour")

    assert shop.reason() is None


def test_reads_that_pass_no_row_change_nothing(shop: Shop) -> None:
    shop.engine.execute("update ops.load_ledger set source_now = source_now + interval 1 hour")

    assert shop.reason() is not None


def _publish(shop: Shop, name: str) -> None:
    publish(shop.engine, run(name), ["fct_sales"], basis_of(shop.engine, shop.tenant))


def test_without_a_publication_the_run_goes_on(shop: Shop) -> None:
    shop.engine.execute("delete from ops.publication")

    assert shop.reason() is None


def test_a_publication_of_an_older_release_is_no_basis(shop: Shop) -> None:
    shop.engine.execute("update ops.publication set basis = null")

    assert shop.reason() is None


def test_the_publication_of_a_forecast_is_no_basis_for_a_pipeline(shop: Shop) -> None:
    shop.engine.execute("update ops.publication set dag_id = 'forecast__mini'")

    assert shop.reason() is None


def test_a_failed_gate_has_the_next_run_go_on(shop: Shop) -> None:
    mark_stale(shop.engine, run("r2"), "gate marts failed")

    assert shop.reason("r3") is None


def test_a_readers_file_that_is_missing_has_the_run_go_on(shop: Shop) -> None:
    published_file(shop.engine.path, "mini").unlink()

    assert shop.reason() is None


def test_a_run_that_died_after_its_load_leaves_the_older_basis(shop: Shop) -> None:
    shop.engine.execute(ADDED)

    assert [shop.reason(name) for name in ("r3", "r4")] == [None, None]


def test_what_comes_while_a_run_builds_is_built_by_the_next(shop: Shop) -> None:
    before = basis_of(shop.engine, shop.tenant)
    shop.engine.execute(ADDED)

    publish(shop.engine, run("r2"), ["fct_sales"], before)

    assert shop.reason("r3") is None


def test_a_skipped_run_is_closed_and_what_is_published_is_verified_and_not_touched(shop: Shop) -> None:
    file = published_file(shop.engine.path, "mini")
    content, status = file.read_bytes(), read_status(file)
    reason = shop.reason()

    note_outcome(shop.engine, shop.tenant, run("r2"), reason)

    [noted] = shop.rows("select skip_reason from ops.run where run_id = 'r2'")
    [newest] = shop.rows("select published_at, verified_at from ops.publication")
    assert noted["skip_reason"] == reason
    assert newest["verified_at"] > newest["published_at"]
    assert file.read_bytes() == content
    after = read_status(file)
    assert after["verified_at"] > status["verified_at"] == status["published_at"]
    assert {**after, "verified_at": None} == {**status, "verified_at": None}


def test_a_source_that_got_old_is_reported_in_a_skipped_run_as_by_its_gate(shop: Shop) -> None:
    for day in range(6):
        moment = f"(select source_now - interval {10 - day} day from ops.run where run_id = 'r2')"
        shop.engine.execute(
            "insert into ops.run (tenant_id, run_id, dag_id, fence, started_at, source_now, skip_reason)"
            f" values ('mini', 'h{day}', '{DAG}', 1, timestamp '2026-01-01', {moment}, 'nothing has changed')"
        )
        shop.engine.execute(
            "insert into ops.dq_metric values"
            f" ('mini', 'h{day}', 'raw.sale', 'freshness_hours', 5, timestamp '2026-01-01')"
        )
    shop.engine.execute("update ops.run set source_now = source_now + interval 40 hour where run_id = 'r2'")

    note_outcome(shop.engine, shop.tenant, run("r2"), "nothing has changed")

    found = {each.table: each.seen for each in gate_findings(shop.engine, run("r2"), "raw")}
    assert list(found) == ["raw.sale"]
    assert "last_change out of its usual range: freshness_hours = " in found["raw.sale"]
    assert "(at most 24)" in found["raw.sale"]


def test_skipped_runs_set_the_standard_of_later_ones_as_published_ones_do(shop: Shop) -> None:
    note_outcome(shop.engine, shop.tenant, run("r2"), "nothing has changed")

    noted = shop.rows(
        "select metric, value from ops.dq_metric where run_id = 'r2' and table_name = 'raw.sale' order by metric"
    )
    [there] = shop.rows("select count(*) as n from raw.sale where _deleted_at is null")
    assert [row["metric"] for row in noted] == ["freshness_hours", "rows", "run_rows"]
    assert [row["value"] for row in noted[1:]] == [there["n"], 0]
    assert ("raw.sale", "rows") in _history(shop.engine, run("r3")).metrics


def test_a_run_that_goes_on_after_it_was_skipped_once_says_so(shop: Shop) -> None:
    note_outcome(shop.engine, shop.tenant, run("r2"), "nothing has changed")

    note_outcome(shop.engine, shop.tenant, run("r2"), None)

    assert shop.rows("select skip_reason from ops.run where run_id = 'r2'") == [{"skip_reason": None}]
