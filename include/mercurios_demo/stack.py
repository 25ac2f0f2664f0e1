"""The demo's stack: simulator and Airflow on loopback, everything they write in one folder."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import requests

from mercurios_demo.airflow_api import AirflowApi
from mercurios_demo.processes import ProcessError, Service, start

REPOSITORY = Path(__file__).resolve().parents[2]
AIRFLOW_BOOT_SECONDS = 300.0
SIMULATOR_BOOT_SECONDS = 300.0


@dataclass(frozen=True)
class Ports:
    """Where the demo listens, on loopback."""

    airflow: int = 8080
    simulator: int = 8990


@dataclass
class Stack:
    """Simulator and Airflow for a set of tenants.

    Attributes:
        home: folder for everything they write.
        ports: where they listen.
        tenants: simulated tenants.
        tenants_dir: folder of tenant files; None takes the repository's own.
        today: first business day of the simulated worlds; None takes the real date.
    """

    home: Path
    ports: Ports
    tenants: Sequence[str]
    tenants_dir: Path | None = None
    today: str | None = None
    extra_environment: dict[str, str] = field(default_factory=dict)
    services: list[Service] = field(default_factory=list)

    @property
    def simulator_url(self) -> str:
        """Address of the simulator."""
        return f"http://127.0.0.1:{self.ports.simulator}"

    @property
    def airflow_url(self) -> str:
        """Address of Airflow."""
        return f"http://127.0.0.1:{self.ports.airflow}"

    @property
    def published(self) -> Path:
        """Folder of the readers' files."""
        return self.home / "data" / "published"

    def start_simulator(self) -> None:
        """Start the simulator; it answers when its worlds are generated."""
        command = [sys.executable, "-m", "prohandel_simulator", "serve", "--port", str(self.ports.simulator)]
        command += ["--tenants", ",".join(self.tenants), "--cache-dir", str(self.home / "worlds")]
        if self.today:
            command += ["--today", self.today]
        self._start("simulator", command)

    def start_airflow(self) -> None:
        """Start Airflow with SQLite and the local executor."""
        (self.home / "airflow").mkdir(parents=True, exist_ok=True)
        self._start("airflow", [sys.executable, "-m", "mercurios_airflow.standalone"])

    def await_simulator(self) -> None:
        """Wait until the simulator answers.

        Raises:
            ProcessError: it ended, or did not answer in time.
        """

        def ready() -> bool:
            try:
                return requests.get(f"{self.simulator_url}/_simulator/health", timeout=5).ok
            except requests.RequestException:
                return False

        self._await("simulator", ready, SIMULATOR_BOOT_SECONDS)

    def await_airflow(self, dag_ids: Sequence[str]) -> AirflowApi:
        """Wait until Airflow is healthy and knows these DAGs, and return a client.

        Raises:
            ProcessError: it ended, or was not ready in time; the message says which DAGs are missing.
        """
        api = AirflowApi(self.airflow_url)
        self._await("airflow", api.healthy, AIRFLOW_BOOT_SECONDS)
        api.log_in()
        wanted = set(dag_ids)

        def known() -> bool:
            return wanted <= api.dag_ids()

        try:
            self._await("airflow", known, AIRFLOW_BOOT_SECONDS)
        except ProcessError as error:
            problems = "\n".join(api.import_errors()) or "no import errors"
            missing = ", ".join(sorted(wanted - api.dag_ids()))
            raise ProcessError(f"Airflow does not know {missing}; {problems}") from error
        return api

    def advance_clock(self, hours: float) -> None:
        """Move the simulated shops' clock."""
        response = requests.post(
            f"{self.simulator_url}/_simulator/clock", json={"advance_hours": hours}, timeout=300
        )
        response.raise_for_status()

    def stop(self) -> None:
        """End everything that was started, the newest first."""
        while self.services:
            self.services.pop().stop()

    def ensure_alive(self) -> None:
        """Raise when a service has ended.

        Raises:
            ProcessError: one has ended; the message holds the end of its log.
        """
        for service in self.services:
            service.ensure_alive()

    def environment(self) -> dict[str, str]:
        """Return the environment of simulator and Airflow."""
        path = os.pathsep.join([str(REPOSITORY / "include"), str(REPOSITORY / "plugins")])
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "DBT_"))
        }
        environment |= {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", "")]),
            "PYTHONPATH": path,
            "PYTHONUNBUFFERED": "1",
            "MERCURIOS_HOME": str(self.home / "data"),
            "NO_PROXY": "127.0.0.1,localhost",
            **_airflow_settings(self.home / "airflow", self.ports.airflow),
            **_quiet_settings(),
            **self._connections(),
        }
        if self.tenants_dir is not None:
            environment["MERCURIOS_TENANTS_DIR"] = str(self.tenants_dir)
        return environment | self.extra_environment

    def _connections(self) -> dict[str, str]:
        from prohandel_simulator.auth import credentials

        result = {}
        for tenant in self.tenants:
            keys = credentials(tenant)
            connection = {
                "conn_type": "prohandel",
                "host": f"{self.simulator_url}/auth",
                "login": keys["apiKey"],
                "password": keys["secret"],
                "extra": {"hash_key": f"demo-hash-key-of-{tenant}-which-is-no-secret"},
            }
            result[f"AIRFLOW_CONN_PROHANDEL_{tenant.upper()}"] = json.dumps(connection)
        return result

    def _start(self, name: str, command: Sequence[str]) -> None:
        log = self.home / "logs" / f"{name}.log"
        self.services.append(start(name, command, self.environment(), REPOSITORY, log))

    def _await(self, name: str, ready: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.ensure_alive()
            if ready():
                return
            time.sleep(0.5)
        log = self.home / "logs" / f"{name}.log"
        raise ProcessError(f"{name} was not ready within {seconds:.0f} s; see {log}")


def _airflow_settings(home: Path, port: int) -> dict[str, str]:
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "mercurios_airflow.executor.PreloadedLocalExecutor",
        # Two cores: more tasks at once would only wait for each other.
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        # A run that is due starts before the API server listens; its task asks for longer than that takes.
        "AIRFLOW__WORKERS__EXECUTION_API_RETRIES": "10",
        "AIRFLOW__WORKERS__EXECUTION_API_RETRY_WAIT_MAX": "5.0",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",
        # A file that changes is parsed at once; the others need not be.
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "300",
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
        "AIRFLOW__COSMOS__CACHE_DIR": str(home / "cosmos"),
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
    }


def _quiet_settings() -> dict[str, str]:
    return {
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW__COSMOS__ENABLE_TELEMETRY": "False",
        "DO_NOT_TRACK": "1",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "False",
        "GX_ANALYTICS_ENABLED": "False",
    }
