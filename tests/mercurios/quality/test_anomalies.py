"""Gates that know what is usual: each run is compared with the tenant's own published runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from mercurios.quality.checks import Severity
from mercurios.quality.gate import GateFailed, run_gate
from mercurios.tenants.run import Run
from mercurios.warehouse.duckdb.engine import DuckDBEngine

TENANT = "mini"
RUN = Run(TENANT, "pipeline__mini", "scheduled__2024-03-04T05:00:00+00:00")
NOW = datetime(2024, 3, 4, 5, 0)


def _past(
    engine: DuckDBEngine,
    metric: str,
    values: Sequence[float],
    *,
    table: str = "raw.sale",
    published: bool = True,
) -> None:
    """Record what a metric was in hourly runs that ended an hour before the run of the tests."""
    for number, value in enumerate(values):
        run_id, at = f"{metric} {number}", NOW - timedelta(hours=len(values) - number)
        engine.execute(
            "insert into ops.run (tenant_id, run_id, dag_id, fence, started_at, source_now)"
            " values (?, ?, 'd', 1, ?, ?)",
            [TENANT, run_id, at, at],
        )
        engine.execute(
            "insert into ops.dq_metric values (?, ?, ?, ?, ?, ?)", [TENANT, run_id, table, metric, value, at]
        )
        if published:
            engine.execute(
                "insert into ops.publication values (?, ?, 'd', ?, null, false, null, null)",
                [TENANT, run_id, at],
            )


def _warned(engine: DuckDBEngine, table: str = "sale") -> set[str | None]:
    result = run_gate(engine, RUN, "raw", [table])
    assert result.success
    assert all(outcome.severity is Severity.WARNING for outcome in result.warnings)
    return {outcome.column for outcome in result.warnings}


def _failure(engine: DuckDBEngine) -> str:
    with pytest.raises(GateFailed) as failed:
        run_gate(engine, RUN, "raw", ["sale"]).raise_on_failure()
    return str(failed.value)


@pytest.mark.usefixtures("good_raw")
def test_a_table_that_lost_half_its_rows_fails(engine: DuckDBEngine) -> None:
    _past(engine, "rows", [100])

    assert "raw.sale: expect_column_values_to_be_between on (row count): rows = 3" in _failure(engine)


@pytest.mark.usefixtures("good_raw")
def test_a_shrunk_table_fails_run_after_run_until_it_was_published(engine: DuckDBEngine) -> None:
    _past(engine, "rows", [100])
    run_gate(engine, replace(RUN, run_id="shrunk before"), "raw", ["sale"])

    failure = _failure(engine)
    engine.execute(
        "insert into ops.publication values (?, 'shrunk before', 'd', now()::timestamp, null, false, null, null)",
        [TENANT],
    )

    assert "rows = 3" in failure
    assert _warned(engine) == set()


@pytest.mark.usefixtures("good_raw")
def test_a_table_that_shrank_by_accepted_deletes_passes(engine: DuckDBEngine) -> None:
    _past(engine, "rows", [100])
    engine.execute(
        "insert into ops.delete_approval values (?, 'sale', 'somebody', ?, ?, ?)",
        [TENANT, NOW, RUN.run_id, NOW],
    )

    assert _warned(engine) == set()


def test_a_small_table_that_lost_its_last_row_is_a_warning(engine: DuckDBEngine) -> None:
    _past(engine, "rows", [3])

    assert _warned(engine) == {"(row count)"}


@pytest.mark.usefixtures("good_raw")
def test_unusually_many_rows_are_a_warning_once_there_is_a_history(engine: DuckDBEngine) -> None:
    engine.execute(
        "insert into raw.sale by name select sale.* replace ('more-' || n as id) from raw.sale sale, range(1200) t(n)"
        " where sale.id = 'sale-0'"
    )
    before = _warned(engine)
    _past(engine, "run_rows", [1] * 5)

    assert before == set()
    assert _warned(engine) == {"(rows of the run)"}


@pytest.mark.parametrize(
    ("earlier", "warned"),
    [
        pytest.param([40] * 25, True, id="always rows"),
        pytest.param([40] * 24 + [0], False, id="hours without rows are usual"),
        pytest.param([40] * 20, False, id="no whole day seen yet"),
    ],
)
def test_a_run_without_rows_is_a_warning_where_there_are_always_rows(
    engine: DuckDBEngine, earlier: list[int], warned: bool
) -> None:
    _past(engine, "run_rows", earlier)

    assert _warned(engine) == ({"(rows of the run)"} if warned else set())


@pytest.mark.usefixtures("good_raw")
@pytest.mark.parametrize(("fewest", "warned"), [(39, False), (41, True)])
def test_a_run_with_less_than_a_tenth_of_the_fewest_rows_is_a_warning(
    engine: DuckDBEngine, fewest: int, warned: bool
) -> None:
    _past(engine, "run_rows", [fewest] * 25)

    assert _warned(engine) == ({"(rows of the run)"} if warned else set())


@pytest.mark.usefixtures("good_raw")
def test_data_that_gets_no_newer_is_a_warning_however_often_it_runs(
    engine: DuckDBEngine,
) -> None:
    engine.execute("update raw.sale set last_change = last_change - interval 30 hour")
    _past(engine, "freshness_hours", [1] * 10 + [float(hours) for hours in range(1, 31)])

    result = run_gate(engine, RUN, "raw", ["sale"])

    assert [(outcome.column, outcome.observed) for outcome in result.warnings] == [
        ("last_change", "freshness_hours = 31 (at most 24)")
    ]


@pytest.mark.usefixtures("good_raw")
def test_a_gap_as_long_as_earlier_ones_is_usual(engine: DuckDBEngine) -> None:
    engine.execute("update raw.sale set last_change = last_change - interval 30 hour")
    _past(engine, "freshness_hours", [float(hours) for hours in range(1, 15)] + [1.0])

    assert _warned(engine) == set()


@pytest.mark.usefixtures("good_raw")
def test_runs_that_were_not_published_set_no_standard(engine: DuckDBEngine) -> None:
    _past(engine, "rows", [100], published=False)
    _past(engine, "run_rows", [1000] * 25, published=False)

    assert _warned(engine) == set()
