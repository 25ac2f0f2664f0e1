"""Compare the marts of warehouses that were not played, such as the demo's, by tests of this folder.

    PYTHONPATH=include:plugins:tests/support python tests/truth/of_warehouse.py .demo/data/warehouse/giftware.duckdb

The tests read the source's rows from RAW, without any of the product's SQL, and compute in plain Python what they
compare. A test that needs what only the simulator knows, or that is of the small shop alone, is left out. Each test is
named as it runs; it ends with an error where a figure differs. Forecasts are compared with the files that their run
left in the landing area, which lies beside the folder of the warehouses.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
import yaml
from demo_shop import WAREHOUSE
from warehouse_tests import TESTS, names

HERE = Path(__file__).parent


def columns(tests: set[str]) -> int:
    """Return how many published columns tests compare."""
    table = yaml.safe_load((HERE / "columns.yaml").read_text(encoding="utf-8"))
    return sum(
        len(
            {column for name, named in parts.get("compared", {}).items() if name in tests for column in named}
        )
        for parts in table.values()
    )


def main(warehouses: list[str]) -> int:
    """Run the tests on each warehouse."""
    wrong = 0
    tests = names()
    chosen = [f"{HERE / file}::{name}" for file, listed in TESTS.items() for name in listed]
    for warehouse in warehouses:
        os.environ[WAREHOUSE] = str(Path(warehouse).resolve())
        print(f"{warehouse}: reading the source's rows from RAW")
        wrong += pytest.main(["-v", "--no-header", "-p", "no:cacheprovider", *chosen]) != 0
        print(f"{warehouse}: {len(tests)} tests of {columns(tests)} published columns")
    return 1 if wrong or not warehouses else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
