"""Building the dbt project for one tenant, on Snowflake's emulator or on DuckDB, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from retailer import Retailer
from running_emulators import ROLE, USER, WAREHOUSE
from snowflake_retailer import SnowflakeRetailer

PROJECT = Path(__file__).resolve().parents[2] / "include" / "dbt"


def build(retailer: Retailer, home: Path) -> None:
    """Build every model of a tenant and run the tests of the data, as a run's tasks do."""
    target = "snowflake" if isinstance(retailer, SnowflakeRetailer) else "duckdb"
    files = home / f"dbt-{target}"
    files.mkdir(exist_ok=True)
    command = [str(Path(sys.executable).with_name("dbt")), "--no-use-colors", "build", "--profiles-dir", "."]
    command += ["--target", target, "--exclude-resource-type", "unit_test"]
    done = subprocess.run(
        [*command, "--target-path", str(files), "--log-path", str(files)],
        cwd=PROJECT,
        env={
            **os.environ,
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "MERCURIOS_TENANT_ID": retailer.tenant.id,
            "MERCURIOS_DUCKDB_PATH": str(retailer.warehouse),
            **(_sign_in(retailer, files) if isinstance(retailer, SnowflakeRetailer) else {}),
        },
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def _sign_in(retailer: SnowflakeRetailer, files: Path) -> dict[str, str]:
    key = files / "key.pem"
    key.touch(mode=0o600)
    key.write_text(retailer.snowflake.key.pem)
    return {
        "SNOWFLAKE_ACCOUNT": "emulator",
        "SNOWFLAKE_HOST": "127.0.0.1",
        "SNOWFLAKE_PORT": str(retailer.snowflake.port),
        "SNOWFLAKE_USER": USER,
        "SNOWFLAKE_PRIVATE_KEY_PATH": str(key),
        "SNOWFLAKE_ROLE": ROLE,
        "SNOWFLAKE_WAREHOUSE": WAREHOUSE,
        "SNOWFLAKE_DATABASE": retailer.database,
    }
