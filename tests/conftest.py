"""What every test relies on: a private Airflow home, no telemetry, one printed seed.

Airflow reads its configuration when it is first imported, so the environment is set here, at import time,
before any test module or plugin can import it.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from longest_first import LongestFirst
from session_cache import SessionCache

if TYPE_CHECKING:
    import numpy as np

ROOT = Path(__file__).resolve().parents[1]
SEED = int(os.environ.get("MERCURIOS_TEST_SEED", "20240101"))
_AIRFLOW_HOME = Path(tempfile.mkdtemp(prefix="mercurios-tests-"))

# A developer's shell or .env must not decide a test: connections and pools of a real deployment stay outside.
for _name in [name for name in os.environ if name.startswith(("AIRFLOW_CONN_", "AIRFLOW_VAR_", "AIRFLOW__"))]:
    del os.environ[_name]

os.environ.update(
    {
        "AIRFLOW_HOME": str(_AIRFLOW_HOME),
        "AIRFLOW__API__SECRET_KEY": "tests-only",
        "AIRFLOW__API_AUTH__JWT_SECRET": "tests-only-and-long-enough-to-sign-a-token-with-sha512-without-warnings-ok",
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__COSMOS__CACHE_DIR": str(_AIRFLOW_HOME / "cosmos"),
        "AIRFLOW__COSMOS__ENABLE_TELEMETRY": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{_AIRFLOW_HOME}/airflow.db",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "False",
        "DO_NOT_TRACK": "1",
        "GX_ANALYTICS_ENABLED": "False",
        # Subprocesses see the project exactly as the image does (see Dockerfile).
        "PYTHONPATH": os.pathsep.join([str(ROOT / "include"), str(ROOT / "plugins")]),
        "MERCURIOS_TEST_SEED": str(SEED),
    }
)


# Options of plugins: no test reaches the network or hangs. In pyproject.toml they would keep a pytest without the
# plugins from starting, and the image has pytest alone.
_SOCKET_OPTIONS = {
    "disable_socket": True,
    "allow_hosts": "127.0.0.1,localhost,::1",
    "allow_unix_socket": True,
}
# A guard against a hang, fixtures included: many times what an idle machine needs, so that a busy one passes too.
_TIMEOUT_SECONDS = 1800.0


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if config.pluginmanager.hasplugin("socket"):
        vars(config.option).update(_SOCKET_OPTIONS)
    if config.pluginmanager.hasplugin("timeout") and config.option.timeout is None:
        config.option.timeout = _TIMEOUT_SECONDS
    else:
        # What pytest-timeout would declare.
        config.addinivalue_line("markers", "timeout(seconds): ends a test that hangs")
    if config.pluginmanager.hasplugin("xdist"):
        config.pluginmanager.register(LongestFirst(config))
    if config.getoption("hypothesisseed", None) is None:
        config.option.hypothesisseed = str(SEED)


def pytest_report_header(config: pytest.Config) -> str:
    hypothesis_seed = config.getoption("hypothesisseed", None)
    return f"seed: {SEED} (set MERCURIOS_TEST_SEED to change it), hypothesis seed: {hypothesis_seed}"


def pytest_unconfigure() -> None:
    shutil.rmtree(_AIRFLOW_HOME, ignore_errors=True)


@pytest.fixture(autouse=True)
def _seeded() -> None:
    random.seed(SEED)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(SEED)


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def seed() -> int:
    """The seed printed in the header."""
    return SEED


@pytest.fixture
def rng() -> np.random.Generator:
    """A fresh generator that gives every test the same numbers in every order of tests."""
    import numpy as np

    return np.random.default_rng(SEED)


@pytest.fixture(scope="session")
def airflow_home() -> Path:
    """The private home that all Airflow processes of this test session share."""
    return _AIRFLOW_HOME


@pytest.fixture(scope="session")
def session_cache(tmp_path_factory: pytest.TempPathFactory) -> SessionCache:
    """What all processes of this session make once and share."""
    base = tmp_path_factory.getbasetemp()
    return SessionCache((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared")


@pytest.fixture(scope="session")
def airflow_database(airflow_home: Path, session_cache: SessionCache) -> Path:
    """An initialised SQLite metadata database of this process, a copy of what the session makes once."""

    def migrate(folder: Path) -> None:
        address = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder}/airflow.db"}
        done = subprocess.run(
            [sys.executable, "-m", "airflow", "db", "migrate"],
            env={**os.environ, **address},
            capture_output=True,
            text=True,
            timeout=900,
        )
        if done.returncode:
            pytest.fail(f"airflow db migrate failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")

    database = session_cache.copy("airflow-database", migrate, airflow_home) / "airflow.db"
    settings = sys.modules.get("airflow.settings")
    if settings is not None and settings.engine is not None:
        # A look-up before this keeps its connection to the file that is now replaced.
        settings.engine.dispose()
    return database
