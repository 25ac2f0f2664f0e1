"""The few calls of Airflow's REST API (v2) that the demo and the scheduler tests make."""

from __future__ import annotations

import time
from typing import Any

import requests

FINAL_STATES = {"success", "failed"}


class AirflowApiError(Exception):
    """Airflow answered with an error; the message names the call."""


class AirflowApi:
    """A client of one Airflow.

    Args:
        base_url: address of the api-server.
    """

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        self._session = requests.Session()

    def healthy(self) -> bool:
        """Return whether database, scheduler and DAG processor all report healthy."""
        try:
            response = self._session.get(f"{self.base_url}/api/v2/monitor/health", timeout=5)
            states = response.json()
        except (requests.RequestException, ValueError):
            return False
        parts = ("metadatabase", "scheduler", "dag_processor")
        return all((states.get(part) or {}).get("status") == "healthy" for part in parts)

    def log_in(self) -> None:
        """Get a token; the demo's Airflow takes every user of this machine for an administrator."""
        response = self._session.get(f"{self.base_url}/auth/token", timeout=30)
        if not response.ok:
            raise AirflowApiError(f"logging in to Airflow: status {response.status_code}")
        self._session.headers["Authorization"] = f"Bearer {response.json()['access_token']}"

    def dag_ids(self) -> set[str]:
        """Return the ids of the DAGs Airflow knows."""
        return {dag["dag_id"] for dag in self._call("GET", "/dags", params={"limit": 1000})["dags"]}

    def import_errors(self) -> list[str]:
        """Return the import errors of DAG files."""
        errors = self._call("GET", "/importErrors")["import_errors"]
        return [f"{error['filename']}: {error['stack_trace'].strip().splitlines()[-1]}" for error in errors]

    def unpause(self, dag_id: str) -> None:
        """Let a DAG's runs start."""
        self._call("PATCH", f"/dags/{dag_id}", json={"is_paused": False})

    def trigger(self, dag_id: str, run_id: str) -> None:
        """Start a run without a schedule."""
        self._call("POST", f"/dags/{dag_id}/dagRuns", json={"dag_run_id": run_id, "logical_date": None})

    def run_state(self, dag_id: str, run_id: str) -> str:
        """Return the state of a run."""
        return str(self._call("GET", f"/dags/{dag_id}/dagRuns/{run_id}")["state"])

    def runs(self, dag_id: str) -> list[dict[str, Any]]:
        """Return the runs of a DAG."""
        return list(self._call("GET", f"/dags/{dag_id}/dagRuns", params={"limit": 100})["dag_runs"])

    def task_instances(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Return the task instances of a run, page by page: a page has 100 at most, whatever is asked for."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances"
        found: list[dict[str, Any]] = []
        while True:
            page = self._call("GET", path, params={"limit": 100, "offset": len(found), "order_by": "id"})
            found += page["task_instances"]
            if not page["task_instances"] or len(found) >= page["total_entries"]:
                return found

    def clear(self, dag_id: str, run_id: str, task_id: str) -> None:
        """Let a task of a run that has ended run again."""
        body = {"dry_run": False, "dag_run_id": run_id, "task_ids": [task_id], "only_failed": False}
        self._call("POST", f"/dags/{dag_id}/clearTaskInstances", json=body)

    def parse_again(self, dag_id: str) -> None:
        """Ask for a DAG's file to be parsed now, as the button of the UI does."""
        token = self._call("GET", f"/dags/{dag_id}/details")["file_token"]
        self._call("PUT", f"/parseDagFile/{token}")

    def task_ids(self, dag_id: str) -> set[str]:
        """Return the tasks of a DAG as it was parsed last."""
        return {task["task_id"] for task in self._call("GET", f"/dags/{dag_id}/tasks")["tasks"]}

    def xcom(self, dag_id: str, run_id: str, task_id: str) -> Any:
        """Return what a task returned."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/return_value"
        return self._call("GET", path, params={"deserialize": "false"})["value"]

    def task_log(self, dag_id: str, run_id: str, task_id: str, attempt: int) -> str:
        """Return the text of a task's log."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{attempt}"
        content = self._call("GET", path, params={"full_content": "true"})["content"]
        if isinstance(content, str):
            return content
        return "\n".join(str(entry.get("event", entry)) for entry in content)

    def _call(self, method: str, path: str, **arguments: Any) -> Any:
        for attempt in range(5):
            try:
                response = self._session.request(
                    method, f"{self.base_url}/api/v2{path}", timeout=60, **arguments
                )
            except requests.RequestException:
                if attempt == 4:
                    raise
                time.sleep(1)
                continue
            if response.ok:
                return response.json()
            if response.status_code < 500 or attempt == 4:
                raise AirflowApiError(
                    f"{method} {path}: status {response.status_code}, {response.text[:300]}"
                )
            time.sleep(1)
        raise AirflowApiError(f"{method} {path}: no answer")
