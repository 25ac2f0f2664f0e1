"""Alerts in real runs: a DAG whose task fails, fails again and recovers, run by Airflow with a database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

DAG_FILE = '''
"""Fails when its configuration says so."""

from types import SimpleNamespace

import pendulum
from airflow.sdk import DAG, task
from mercurios_airflow.alerts.findings import reporting
from mercurios_airflow.alerts.notifiers import failure_notifier, findings_notifier, recovery_notifier
from mercurios.alerts.findings import Finding
from mercurios.alerts.kinds import finding_kind

tenants = {
    "alerted": SimpleNamespace(id="mini", name="Mini", owner="o", connections=SimpleNamespace(slack="slack_mini")),
    "forgotten": SimpleNamespace(id="mini", name="Mini", owner="o", connections=SimpleNamespace(slack="slack_none")),
}
dags = {}
for name, tenant in tenants.items():
    with DAG(
        name,
        schedule=None,
        start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
        default_args={"on_failure_callback": failure_notifier(tenant), "retries": 0},
    ) as dag:

        @task(on_success_callback=recovery_notifier(tenant))
        def publish(**context):
            if (context["dag_run"].conf or {}).get("fail"):
                raise ValueError("the marts are {{ broken }}")

        publish()
    dags[name] = dag
    globals()[name] = dag

with DAG(
    "finding",
    schedule=None,
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    default_args={"on_failure_callback": failure_notifier(tenants["alerted"]), "retries": 0},
) as dag:

    @task(on_success_callback=findings_notifier(tenants["alerted"]))
    def load(**context):
        context["task"].reports_findings = True
        found = Finding(finding_kind("drift"), "sale", "field colour appeared", "nothing: kept in _extra")
        with reporting(context, lambda: [found]):
            if (context["dag_run"].conf or {}).get("fail"):
                raise ValueError("the load broke")

    load()
dags["finding"] = dag
'''

RUN_FILE = """
import alerted_dags
import pendulum
from airflow.models.dagrun import DagRun
from airflow.utils.session import create_session
from sqlalchemy import update

day = pendulum.datetime(2024, 3, 1, tz="UTC")


def run(name, number, fail, dated=True):
    instant = day.add(days=number)
    dates = {"logical_date": instant} if dated else {"logical_date": None, "run_after": instant}
    state = str(alerted_dags.dags[name].test(run_conf={"fail": fail}, **dates).state)
    print(f"RUN {name} {number} {state}", flush=True)


def keep_undated_runs(number):
    # dag.test() deletes an earlier run of the same logical date, and all undated runs share "none".
    with create_session() as session:
        old = pendulum.datetime(1999, 1, 1, tz="UTC").add(days=number)
        session.execute(update(DagRun).where(DagRun.logical_date.is_(None)).values(logical_date=old))


for number, fail in enumerate([False, True, True, False, False]):
    run("alerted", number, fail)
for number, fail in enumerate([True, False, False], start=10):
    run("alerted", number, fail, dated=False)
    keep_undated_runs(number)
run("forgotten", 0, True)
run("forgotten", 1, False)
run("finding", 0, False)
run("finding", 1, True)
"""


def run_dags(folder: Path, slack: Any) -> str:
    """Run the DAGs in a process of their own, and return its log."""
    (folder / "alerted_dags.py").write_text(DAG_FILE)
    (folder / "run_dags.py").write_text(RUN_FILE)
    (folder / ".airflowignore").write_text("run_dags.py\n")
    connection = {"conn_type": "slackwebhook", "host": slack.host, "password": "T0/B0/synthetic"}
    environment = {
        **os.environ,
        "AIRFLOW__CORE__DAGS_FOLDER": str(folder),
        "AIRFLOW_CONN_SLACK_MINI": json.dumps(connection),
        "PYTHONPATH": os.pathsep.join([os.environ["PYTHONPATH"], str(folder)]),
    }

    command = [sys.executable, "run_dags.py"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=900)
    log = done.stdout + done.stderr
    assert done.returncode == 0, log[-3000:]
    return log


@pytest.mark.airflow
@pytest.mark.slow
def test_a_failure_alerts_each_time_and_a_recovery_once(
    slack: Any, airflow_database: Path, tmp_path: Path
) -> None:
    log = run_dags(tmp_path, slack)

    states = [line.split()[1:] for line in log.splitlines() if line.startswith("RUN ")]
    assert [state for _, _, state in states] == [
        "success", "failed", "failed", "success", "success",
        "failed", "success", "success",
        "failed", "success",
        "success", "failed",
    ]  # fmt: skip
    texts = [body["text"] for _, body in slack.received]
    failed = "Mini: alerted failed at publish: ValueError: the marts are {{ broken }}"
    recovered = "Mini: alerted works again (the run before had failed)"
    found = "Mini: finding found drift in load: sale: field colour appeared"
    broke = "Mini: finding failed at load: ValueError: the load broke"
    assert texts == [failed, failed, recovered, failed, recovered, found, broke]
    assert "field colour appeared" in json.dumps(slack.received[6][1]["blocks"])
    failed_run = slack.received[1][1]["blocks"][1]["fields"][3]["text"].removeprefix("*Run*\n")
    assert failed_run in slack.received[2][1]["blocks"][2]["text"]["text"]
    assert log.count("alert not sent through slack_none") == 2
    assert "AIRFLOW_CONN_SLACK_NONE" in log
