"""The command `backtest`, as a person types it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from mercurios.cli.main import app
from mercurios.policy_backtest import command
from mercurios.policy_backtest.models import Model


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["backtest", *arguments], env={"COLUMNS": "160"})
    return result.exit_code, result.output


@pytest.fixture
def panel(tmp_path: Path) -> Path:
    days = np.datetime64("2024-01-01") + 7 * np.arange(30)
    units = np.random.default_rng(1).poisson(5.0, (3, 30))
    rows = [f"A{at},1,{day},{units[at, week]}" for at in range(3) for week, day in enumerate(days)]
    path = tmp_path / "panel.csv"
    path.write_text("\n".join(["article,branch,week,quantity", *rows]) + "\n")
    return path


@pytest.mark.dbt
def test_a_panel_is_replayed_and_its_figures_printed_and_written(
    tmp_path: Path, panel: Path, compiled: Mapping[str, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "compile_models", lambda: compiled)
    policy, out = tmp_path / "policy.yaml", tmp_path / "out"
    policy.write_text("default: {lead_time_days: 7}\ncosts: {holding_cost: 0.2, shortage_cost: 1}\n")

    code, output = run(
        "--panel", str(panel), "--policy", str(policy), "--weeks", "3", "--out", str(out),
        "--service-levels", "0.7,0.95",
    )  # fmt: skip

    assert code == 0, output
    for text in ("product", "13-week mean", "seasonal naive", "fill rate", "average stock", "same fill rate"):
        assert text in output
    summary = json.loads((out / "summary.json").read_text())
    assert (summary["series"], summary["weeks"], summary["warm_up"]) == (3, 3, 4)
    assert summary["service_levels"] == pytest.approx([1 / 1.4, 1 / 1.4], abs=1e-6)
    assert (out / "weekly.parquet").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--weeks", "18"], "the panel has 30 weeks; with 13 weeks of history and 0 of warm-up"),
        (["--weeks", "3", "--service-levels", "0.8,x"], "--service-levels: '0.8,x'"),
        (["--weeks", "3", "--service-levels", "0.2"], "--service-levels"),
        (["--weeks", "3", "--frequency", "M"], "--frequency: 'M' is not W (weekly) or D (daily)"),
        (["--weeks", "3", "--policy", "nowhere.yaml"], "nowhere.yaml"),
    ],
)
@pytest.mark.dbt
def test_what_makes_no_sense_is_reported_in_a_sentence(
    panel: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    code, output = run("--panel", str(panel), "--out", str(tmp_path / "out"), *arguments)

    assert code == 2
    assert message in output
    assert "Traceback" not in output


def test_a_wrong_value_is_reported_with_file_column_and_row(panel: Path) -> None:
    lines = panel.read_text().splitlines()
    lines[5] = lines[5].rsplit(",", 1)[0] + ",many"
    panel.write_text("\n".join(lines) + "\n")

    code, output = run("--panel", str(panel), "--weeks", "3")

    assert code == 2
    assert "panel.csv: column 'quantity', row 5: 'many' is not a number" in output


def test_the_command_still_answers_to_its_earlier_name(panel: Path) -> None:
    """`simulate` is an alias of `backtest` that no help lists."""
    arguments = ["--panel", str(panel), "--weeks", "18"]
    earlier = CliRunner().invoke(app, ["simulate", *arguments])
    listed = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "160"}).output

    assert (earlier.exit_code, earlier.output) == run(*arguments)
    assert "the panel has 30 weeks" in earlier.output
    assert " backtest " in listed
    assert " simulate " not in listed
