"""What `dlt` needs for the sales of a running API: its REST source into DuckDB, merged on the key.

It runs in the bench environment, which holds `dlt` and nothing of the product, so it imports neither the product nor
the benchmarks' shared parts. The settings are the best that were found for `dlt` on two cores: Parquet files instead of
inserted values, several processes that normalize, no search for nested rows. Bigger buffers are no faster and cost
memory. Strategy `upsert` is a little cheaper than `delete-insert`, but keeps both copies of a row that comes twice in
one read, as rows of a list cut by position do when it moves; `delete-insert` ends with one, as this project does.

All steps run in one process, which is `dlt`'s usual way and its fastest. Each in a process of its own (`--steps`) takes
some hundredths longer, and the greatest of them holds as much.

Run by dlt_comparison.py:
.venv-bench/bin/python benchmarks/dlt_competitor.py http://127.0.0.1:8000 modehaus FOLDER
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

PAGESIZE = 1000
STEPS = ("extract", "normalize", "load")
DATASET = "raw"
# Several files of rows are normalized by several processes at once; one file, the default, by one.
SETTINGS = {
    "NORMALIZE__WORKERS": str(os.cpu_count()),
    "SOURCES__DATA_WRITER__FILE_MAX_ITEMS": "50000",
    "RUNTIME__DLTHUB_TELEMETRY": "false",
}


def token(root: str, world: str) -> str:
    """Fetch a token with a world's demo credentials."""
    import requests

    key = {"apiKey": f"demo-key-{world}", "secret": f"demo-secret-{world}"}
    response = requests.post(f"{root}/auth/api/v4/token", json=key, timeout=60)
    response.raise_for_status()
    return str(response.json()["token"]["token"]["value"])


def source(root: str, world: str, strategy: str) -> Any:
    """Return the REST source of a world's sales, which ends where the API's header says so."""
    from dlt.sources.helpers.rest_client.paginators import PageNumberPaginator
    from dlt.sources.rest_api import rest_api_source

    class MorePagesHeader(PageNumberPaginator):
        def __init__(self) -> None:
            super().__init__(base_page=1, page_param="page", total_path=None)

        def update_state(self, response: Any, data: list[Any] | None = None) -> None:
            self._has_next_page = response.headers["X-More-Pages-Available"] == "True"
            self.current_value += 1

    sale = {
        "name": "sale",
        "primary_key": "id",
        "write_disposition": {"disposition": "merge", "strategy": strategy},
        "max_table_nesting": 0,
        "endpoint": {"path": "sale", "params": {"pagesize": PAGESIZE}, "paginator": MorePagesHeader()},
    }
    auth = {"type": "bearer", "token": token(root, world)}
    client = {"base_url": f"{root}/t/{world}/api/v2/", "auth": auth}
    return rest_api_source({"client": client, "resources": [sale]})


def load(root: str, world: str, home: Path, strategy: str, wanted: list[str]) -> dict[str, float]:
    """Load the sales into `dlt.duckdb` and say what it took; imports are not part of the seconds."""
    os.environ.update(SETTINGS, DLT_DATA_DIR=str(home / "dlt"))
    import dlt
    import dlt.destinations.impl.duckdb.duck
    import dlt.sources.rest_api
    import pyarrow.parquet  # noqa: F401 - dlt imports it late; imports come before the clock

    wall, cpu = time.perf_counter(), cpu_seconds()
    pipeline = dlt.pipeline(
        "benchmark", destination=dlt.destinations.duckdb(str(home / "dlt.duckdb")), dataset_name=DATASET
    )
    steps = {
        "extract": lambda: pipeline.extract(source(root, world, strategy), loader_file_format="parquet"),
        "normalize": pipeline.normalize,
        "load": pipeline.load,
    }
    took = {}
    for name in wanted:
        before = time.perf_counter()
        steps[name]()
        took[name] = time.perf_counter() - before
    return {"wall": time.perf_counter() - wall, "cpu": cpu_seconds() - cpu, "peak_mib": peak_mib(), **took}


def cpu_seconds() -> float:
    """Return the CPU seconds of this process and of its ended children, its normalizers."""
    used = [resource.getrusage(kind) for kind in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def peak_mib() -> float:
    """Return the greatest resident memory of this process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def main() -> None:
    """Load once and print JSON as the last line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("root", help="address of the API")
    parser.add_argument("world", help="the tenant")
    parser.add_argument("home", type=Path, help="folder for the warehouse and dlt's working files")
    parser.add_argument("--strategy", choices=["delete-insert", "upsert"], default="delete-insert")
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=STEPS, help="default: all of them")
    given = parser.parse_args()
    took = load(given.root, given.world, given.home, given.strategy, given.steps)
    print(json.dumps({"version": f"dlt {version('dlt')}, duckdb {version('duckdb')}", **took}))


if __name__ == "__main__":
    main()
