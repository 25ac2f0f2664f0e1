"""The DAG folder, parsed once for the tenants of product and tests, and a way to parse it in a fresh process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag

Parse = Callable[[Path], DagBag]


@pytest.fixture(scope="session")
def parse(root: Path) -> Parse:
    """Parse the DAG folder, or one file of it, with a folder of tenant files."""

    def parsed(tenants_dir: Path, file: str = "") -> DagBag:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MERCURIOS_TENANTS_DIR", str(tenants_dir))
            return DagBag(root / "dags" / file, bundle_path=root / "dags")

    return parsed


@pytest.fixture(scope="session")
def tenants_dir(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The product's tenants and those of the tests, which use every grain of the models."""
    folder = tmp_path_factory.mktemp("tenants")
    for source in ("include/tenants", "tests/tenants"):
        for path in (root / source).glob("*.yaml"):
            shutil.copy(path, folder)
    return folder


@pytest.fixture(scope="session")
def bag(parse: Parse, tenants_dir: Path) -> DagBag:
    """All DAGs of all these tenants."""
    return parse(tenants_dir)


@pytest.fixture(scope="session")
def in_fresh_process(root: Path) -> Callable[..., Any]:
    """Run a script in a fresh process with the image's Python path and return the JSON of its last line."""

    def run(script: str, **environment: str) -> Any:
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=root,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=900,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])

    return run
