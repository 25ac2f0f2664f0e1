"""A tenant that leaves: what is kept of it is counted, then gone, and nothing of another tenant has changed."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from retailer import Retailer
from typer.testing import CliRunner

from mercurios.cli.main import app
from mercurios.tenants.run import Run
from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.publication import publish
from mercurios.warehouse.setup import set_up, write_reference
from prohandel_simulator.testing import running_simulator

# Its id begins with that of the tenant who leaves.
NEIGHBOUR = "mini_2"
DAY = date(2026, 3, 4)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """A home with two tenants: landed, loaded and published."""
    home = tmp_path_factory.mktemp("home")
    (home / "tenants").mkdir()
    text = (root / "tests" / "tenants" / "mini.yaml").read_text()
    for name in ("mini", NEIGHBOUR):
        (home / "tenants" / f"{name}.yaml").write_text(
            text.replace("id: mini", f"id: {name}").replace("duckdb_mini", f"duckdb_{name}")
        )
    with running_simulator(["mini"]) as source:
        retailer = Retailer(source, home)
        source.post("/_simulator/mini/dirty", {"resource": "customer", "unparsable": 2})
        retailer.run("r1", "customer", "article")
        with retailer.engine() as engine:
            write_reference(engine, retailer.tenant, DAY)
            publish(engine, Run("mini", "forecast__mini", "r1"), ["forecast_weekly"])
    landed = home / "landing" / "tenant=mini"
    (landed / "alerts").mkdir()
    (landed / "alerts" / "1.json").write_text("{}")
    shutil.copytree(landed, home / "landing" / f"tenant={NEIGHBOUR}")
    neighbour = retailer.tenant.model_copy(update={"id": NEIGHBOUR})
    with DuckDBEngine(home / "warehouse" / f"{NEIGHBOUR}.duckdb", threads=1) as engine:
        set_up(engine)
        write_reference(engine, neighbour, DAY)
        publish(engine, Run(NEIGHBOUR, f"forecast__{NEIGHBOUR}", "r1"), ["forecast_weekly"])
    return home


@pytest.fixture
def home(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it for one test."""
    copied = tmp_path / "home"
    shutil.copytree(made, copied)
    monkeypatch.setenv("MERCURIOS_HOME", str(copied))
    monkeypatch.setenv("MERCURIOS_TENANTS_DIR", str(copied / "tenants"))
    return copied


def run(*arguments: str, answer: str = "") -> tuple[int, str]:
    line = ["offboard", "--tenant", "mini", *arguments]
    result = CliRunner().invoke(app, line, input=f"{answer}\n", env={"COLUMNS": "250"})
    assert result.exception is None or isinstance(result.exception, (SystemExit, KeyboardInterrupt)), (
        result.exception
    )
    return result.exit_code, result.output


def contents(home: Path) -> dict[str, str]:
    """Return a digest of every file below a folder, links not followed."""
    files = (path for path in sorted(home.rglob("*")) if path.is_file() and not path.is_symlink())
    return {str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def of_the_neighbour(home: Path) -> dict[str, str]:
    return {name: digest for name, digest in contents(home).items() if NEIGHBOUR in name}


def of_the_tenant(home: Path) -> list[str]:
    named = ("warehouse/mini.", "published/mini.", "landing/tenant=mini/")
    return [name for name in contents(home) if name.startswith(named)]


def test_a_dry_run_counts_what_is_kept_and_removes_nothing(home: Path) -> None:
    before = contents(home)
    with duckdb.connect(str(home / "warehouse" / "mini.duckdb"), read_only=True) as connection:
        [(articles,)] = connection.execute("select count(*) from raw.article").fetchall()

    code, output = run("--dry-run")

    assert code == 0, output
    assert f"{articles:,} rows of raw.article in {home}/warehouse/mini.duckdb" in output
    assert "2 rows of ops.quarantine in" in output
    assert f"files in file://{home}/landing/tenant=mini" in output
    assert f"rows of ops.publication in {home}/published/mini.duckdb" in output
    assert f"file {home}/published/mini.status.json" in output
    assert contents(home) == before


@pytest.mark.parametrize("answer", ["", "y", NEIGHBOUR])
def test_nothing_is_removed_unless_the_tenants_id_is_typed(home: Path, answer: str) -> None:
    before = contents(home)

    code, output = run(answer=answer)

    assert code == 1
    assert "Nothing was removed." in output
    assert contents(home) == before


def test_all_of_a_tenant_goes_and_nothing_of_its_neighbour(home: Path) -> None:
    before = of_the_neighbour(home)

    code, output = run(answer="mini")

    assert code == 0, output
    assert "Nothing of mini is left." in output
    assert of_the_tenant(home) == []
    assert not (home / "landing" / "tenant=mini").exists()
    assert of_the_neighbour(home) == before
    assert len(before) > 5
    assert run("--yes")[1].startswith("Nothing is kept of mini.")


def test_a_removal_that_was_killed_anywhere_goes_on_when_it_is_run_again(
    made: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlink, os_unlink, rmdir = Path.unlink, os.unlink, os.rmdir
    few = tmp_path / "few"
    shutil.copytree(made, few)
    for folder in ("resource=article", "resource=customer", "plans"):
        shutil.rmtree(few / "landing" / "tenant=mini" / folder)
    for step in range(100):
        shutil.rmtree(home)
        shutil.copytree(few, home)
        left = iter(range(step))

        def killing(kept: Any, left: Iterator[int] = left) -> Any:
            def call(*arguments: Any, **more: Any) -> Any:
                if next(left, None) is None:
                    raise KeyboardInterrupt
                return kept(*arguments, **more)

            return call

        with monkeypatch.context() as patch:
            patch.setattr(Path, "unlink", killing(unlink))
            patch.setattr(os, "unlink", killing(os_unlink))
            patch.setattr(os, "rmdir", killing(rmdir))
            was_killed = run("--yes")[0] != 0

        code, output = run("--yes")

        assert code == 0, (step, output)
        assert of_the_tenant(home) == [], step
        assert of_the_neighbour(home) == of_the_neighbour(made), step
        if not was_killed:
            break
    assert step > 5
    assert not was_killed


def test_of_a_file_that_two_tenants_have_shared_only_rows_go(home: Path) -> None:
    warehouse = home / "warehouse" / "mini.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            f"insert into raw.article select * replace ('{NEIGHBOUR}' as tenant_id) from raw.article"
        )
        others = connection.execute(
            f"select * from raw.article where tenant_id = '{NEIGHBOUR}' order by id"
        ).fetchall()

    code, output = run("--yes")

    assert code == 0, output
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        assert connection.execute("select * from raw.article order by id").fetchall() == others
        for table in ("ops.run", "ops.quarantine", "ops.owner", "ops.load_ledger", "raw.tenant"):
            assert connection.execute(f"select count(*) from {table}").fetchall() == [(0,)], table


def test_a_link_in_a_tenants_folder_goes_and_not_what_it_leads_to(home: Path) -> None:
    landed = home / "landing"
    (landed / "tenant=mini" / "folder").symlink_to(landed / f"tenant={NEIGHBOUR}")
    (landed / "tenant=mini" / "file").symlink_to(landed / f"tenant={NEIGHBOUR}" / "alerts" / "1.json")
    before = of_the_neighbour(home)

    code, output = run("--yes")

    assert code == 0, output
    assert of_the_neighbour(home) == before
    assert not (landed / "tenant=mini").exists()


def test_a_tenants_folder_that_is_a_link_goes_and_not_what_it_leads_to(home: Path) -> None:
    landed = home / "landing"
    shutil.rmtree(landed / "tenant=mini")
    (landed / "tenant=mini").symlink_to(landed / f"tenant={NEIGHBOUR}")
    before = of_the_neighbour(home)

    code, output = run("--yes")

    assert code == 0, output
    assert of_the_neighbour(home) == before
    assert not (landed / "tenant=mini").is_symlink()


def test_a_file_without_a_row_of_the_tenant_stays(home: Path) -> None:
    warehouse = home / "warehouse" / "mini.duckdb"
    shutil.copy(home / "warehouse" / f"{NEIGHBOUR}.duckdb", warehouse)
    before = hashlib.sha256(warehouse.read_bytes()).hexdigest()

    code, output = run("--yes")

    assert code == 0, output
    assert hashlib.sha256(warehouse.read_bytes()).hexdigest() == before
    assert of_the_tenant(home) == ["warehouse/mini.duckdb"]


def test_a_misspelt_tenant_is_refused_with_those_there_are(home: Path) -> None:
    result = CliRunner().invoke(app, ["offboard", "--tenant", "minni", "--yes"])

    assert result.exit_code == 1
    assert "mini" in result.output
    assert of_the_tenant(home)
