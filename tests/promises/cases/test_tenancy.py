"""A tenant's rows come from the tenant's own API: another retailer's key is noticed before anything is loaded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from quick_retailer import QuickRetailer
from typer.testing import CliRunner

from mercurios.cli.main import app
from mercurios.warehouse.load import TenantGuardError
from prohandel_simulator.testing import RunningSimulator, running_simulator


@pytest.fixture
def moved(source: RunningSimulator) -> RunningSimulator:
    """The same source under another host name."""
    return replace(source, base_url=source.base_url.replace("127.0.0.1", "localhost"))


def test_the_api_of_another_retailer_is_noticed_and_nothing_of_it_is_loaded(
    retailer: QuickRetailer, moved: RunningSimulator
) -> None:
    retailer.run("r1", "article", "sale")
    before = {name: retailer.raw(name) for name in ("article", "sale")}
    with running_simulator(["mini"], seed=7) as others:
        retailer.simulator = replace(others, base_url=others.base_url.replace("127.0.0.1", "localhost"))

        with pytest.raises(
            TenantGuardError, match=r"'mini' was read from 127.0.0.1/t/mini, this run from localhost"
        ):
            retailer.run("r2", "article", "sale")

    assert {name: retailer.raw(name) for name in ("article", "sale")} == before


def test_an_api_on_another_port_is_the_same_api(retailer: QuickRetailer) -> None:
    retailer.run("r1", "article")
    with running_simulator(["mini"]) as again:
        retailer.simulator = again

        assert retailer.run("r2", "article")["article"].deleted == 0


def test_an_api_that_has_moved_is_read_once_it_is_accepted(
    retailer: QuickRetailer, moved: RunningSimulator, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MERCURIOS_TENANTS_DIR", str(root / "tests" / "tenants"))
    retailer.run("r1", "article")
    retailer.simulator = moved
    with pytest.raises(TenantGuardError):
        retailer.run("r2", "article")
    retailer.close()

    accepted = CliRunner().invoke(
        app, ["accept-source", "--tenant", "mini", "--warehouse", str(retailer.warehouse)]
    )

    assert accepted.exit_code == 0, accepted.output
    assert "was read from 127.0.0.1/t/mini" in accepted.output
    retailer.run("r3", "article")
    assert retailer.differences("article") == []
