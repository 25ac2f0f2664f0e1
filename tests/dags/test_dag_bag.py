"""Which DAGs there are, and what a tenant file that cannot be used does to them."""

from __future__ import annotations

import ast
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.definitions.context import _AIRFLOW_PARSING_CONTEXT_DAG_ID

from mercurios.tenants import load_tenants


def test_every_dag_file_imports(bag: DagBag) -> None:
    assert bag.import_errors == {}
    assert bag.dags


def test_every_tenant_has_a_pipeline_and_a_forecast(bag: DagBag, tenants_dir: Path) -> None:
    tenants = load_tenants(tenants_dir)

    assert tenants.errors == ()
    assert set(bag.dags) == {"warehouse_setup"} | {
        f"{kind}__{tenant.id}" for kind in ("pipeline", "forecast") for tenant in tenants
    }


def test_the_product_has_its_demo_tenants(parse: Any, root: Path) -> None:
    bag = parse(root / "include" / "tenants")

    assert {"pipeline__giftware", "pipeline__modehaus"} <= set(bag.dags)
    assert bag.import_errors == {}


@pytest.mark.parametrize(("kind", "other"), [("pipeline", "forecast"), ("forecast", "pipeline")])
def test_a_tasks_parse_builds_its_own_tenants_dag_alone(
    parse: Any, tenants_dir: Path, monkeypatch: pytest.MonkeyPatch, kind: str, other: str
) -> None:
    monkeypatch.setenv(_AIRFLOW_PARSING_CONTEXT_DAG_ID, f"{kind}__mini")

    named = parse(tenants_dir, f"tenant_{kind}.py")
    foreign = parse(tenants_dir, f"tenant_{other}.py")

    assert set(named.dags) == {f"{kind}__mini"}
    assert set(foreign.dags) == set()


@contextmanager
def opened_below(folder: Path) -> Iterator[set[str]]:
    """Yield the names of the files of a folder that this process opens meanwhile, however it opens them."""
    names: set[str] = set()
    watching = True

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if watching and event == "open" and str(arguments[0]).startswith(str(folder)):
            names.add(Path(arguments[0]).name)

    # A hook cannot be removed, only made idle.
    sys.addaudithook(watch)
    try:
        yield names
    finally:
        watching = False


@pytest.mark.parametrize("kind", ["pipeline", "forecast"])
def test_a_tasks_parse_reads_no_other_tenants_file(
    parse: Any, tenants_dir: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv(_AIRFLOW_PARSING_CONTEXT_DAG_ID, f"{kind}__mini")

    with opened_below(tenants_dir) as opened:
        parse(tenants_dir, f"tenant_{kind}.py")

    assert opened == {"mini.yaml"}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            "time_zone: Europe/Utopia",
            "key 'time_zone': Value error, 'Europe/Utopia' is not an IANA time zone",
        ),
        ("timezone: Europe/Berlin", "key 'timezone': unknown; remove it or correct its spelling"),
        ("dbt_tasks: rows", "key 'dbt_tasks': Input should be 'build' or 'models' (got 'rows')"),
        ("country: 7: 8", "not readable as YAML"),
        ("owner: ''", "key 'owner': String should have at least 1 character"),
        (
            "schedules: {pipeline: every hour}",
            "key 'schedules.pipeline': Value error, 'every hour' is no schedule",
        ),
        ("schedules: {pipeline: 61 * * * *}", "'61 * * * *' is no schedule: expected five cron fields"),
    ],
)
def test_an_unusable_tenant_file_breaks_that_tenant_alone_and_visibly(
    parse: Any, tenants_dir: Path, tmp_path: Path, wrong: str, said: str
) -> None:
    shutil.copy(tenants_dir / "mini.yaml", tmp_path)
    good = (tenants_dir / "modehaus.yaml").read_text()
    key = wrong.partition(":")[0]
    lines = [line for line in good.splitlines() if not line.startswith(f"{key}:")]
    (tmp_path / "modehaus.yaml").write_text("\n".join([*lines, wrong]) + "\n")

    bag = parse(tmp_path)

    assert set(bag.dags) == {"warehouse_setup", "pipeline__mini", "forecast__mini"}
    assert set(bag.import_errors) == {"tenant_files.py"}
    assert "modehaus.yaml: " in bag.import_errors["tenant_files.py"]
    assert said in bag.import_errors["tenant_files.py"]


def test_a_tenant_file_whose_name_is_not_its_id_is_an_import_error(
    parse: Any, tenants_dir: Path, tmp_path: Path
) -> None:
    shutil.copy(tenants_dir / "mini.yaml", tmp_path / "minimal.yaml")

    bag = parse(tmp_path)

    assert set(bag.dags) == {"warehouse_setup"}
    assert (
        "minimal.yaml: line 2, key 'id': expected 'minimal', the file's name, got 'mini'"
        in bag.import_errors["tenant_files.py"]
    )


def test_dags_register_themselves_without_globals(root: Path) -> None:
    calls = [
        f"{path.name}:{node.lineno}"
        for path in sorted((root / "dags").glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Name) and node.id in ("globals", "vars", "locals", "setattr")
    ]

    assert calls == []
