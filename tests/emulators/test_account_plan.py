"""The set-up of the account, run twice on the emulator: a run loads into what it creates."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import snowflake.connector
import snowflake_retailer
from planned_account import settings, tenant
from running_emulators import S3, Snowflake
from snowflake_retailer import SnowflakeRetailer

from mercurios.warehouse.account import Database, Statement, account_plan
from mercurios.warehouse.account_apply import apply
from prohandel_simulator.testing import RunningSimulator

# What the emulator cannot read and tests/project/test_snowflake_sql.py parses instead; nothing below rests on it.
UNREAD = re.compile(
    r"(create|alter) row access policy |alter stage |alter table if exists \S+ (modify column|cluster by) "
)


class Readable:
    """A session of the emulator that is spared what it cannot read."""

    def __init__(self, session: Any) -> None:
        self.session = session

    def cursor(self) -> Readable:
        return self

    def execute(self, text: str) -> Any:
        if UNREAD.match(text):
            return None
        return self.session.cursor().execute(text.replace(" with managed access", ""))


def plan_of(database: str, landing: str) -> list[Statement]:
    owner = tenant("mini", database=database, landing=f"{landing}mini")
    return account_plan(settings(landing=landing), [Database.named(database, [owner])])


def apply_plan(emulator: Snowflake, database: str, landing: str) -> int:
    with snowflake.connector.connect(**emulator.parameters(database)) as session:
        return apply(Readable(session), plan_of(database, landing))


@pytest.fixture
def on_plan(
    own_source: RunningSimulator,
    tmp_path: Path,
    s3: S3,
    snowflake_emulator: Snowflake,
    monkeypatch: pytest.MonkeyPatch,
) -> SnowflakeRetailer:
    """A retailer whose database, schemas and stage the plan has created."""
    monkeypatch.setattr(snowflake_retailer, "create_account_objects", apply_plan)
    return SnowflakeRetailer(own_source, tmp_path, s3, snowflake_emulator)


def test_a_run_loads_into_what_the_plan_creates_and_the_plan_runs_again(on_plan: SnowflakeRetailer) -> None:
    loaded = on_plan.run("r1", "label", "customer")
    statements = apply_plan(on_plan.snowflake, on_plan.database, on_plan.root)

    assert loaded["label"].loaded > 0
    assert statements == len(plan_of(on_plan.database, on_plan.root))
    assert on_plan.differences("label", "customer") == []
    with on_plan.session() as session:
        access = "select role_name, tenant_id from ops.tenant_access order by 1"
        assert session.cursor().execute(access).fetchall() == [
            ("MERCURIOS_ANALYST_MINI", "mini"),
            ("MERCURIOS_DEVELOPER", "mini"),
        ]
