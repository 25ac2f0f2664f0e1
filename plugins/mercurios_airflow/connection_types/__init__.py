"""Connection forms of our hooks in the Airflow UI.

Airflow asks installed packages for their connection types. This repository is deployed as a folder, so the folder
`mercurios_airflow-*.dist-info` beside this package replaces an installation: `importlib.metadata` finds it on
the Python path and Airflow calls `get_provider_info`. Hooks are named, not imported: the UI needs the form alone.

The folder must be on PYTHONPATH (Dockerfile, Makefile): Airflow looks for providers while it is being imported,
before it adds the configured plugins folder to the path itself.
"""

from __future__ import annotations

from typing import Any

PACKAGE = "mercurios-airflow"


def get_provider_info() -> dict[str, Any]:
    """Describe the connection types in the shape of Airflow's `provider_info.schema.json`."""
    return {
        "package-name": PACKAGE,
        "name": "Mercurios",
        "description": "ProHandel API and DuckDB warehouse",
        "connection-types": [_prohandel(), _duckdb()],
    }


def _prohandel() -> dict[str, Any]:
    return {
        "connection-type": "prohandel",
        "hook-class-name": "mercurios_airflow.sources.prohandel.hooks.ProHandelHook",
        "hook-name": "ProHandel",
        "ui-field-behaviour": {
            "hidden-fields": ["schema", "port", "extra"],
            "relabeling": {"host": "Authentication URL", "login": "API key", "password": "API secret"},
            "placeholders": {"host": "https://auth.prohandel.cloud"},
        },
        "conn-fields": {
            "hash_key": {
                "label": "Hash key",
                "description": "Required. Key of the hash that replaces customer and staff numbers; a random text"
                " of at least 32 characters. Another one asks for `python -m mercurios rekey`.",
                "schema": {"type": ["string", "null"], "format": "password"},
            },
            "api_hosts": {
                "label": "Hosts of the API",
                "description": "Hosts that may get tokens, separated by commas; .example.com stands for all below it."
                " Empty: .prohandel.cloud, .prohandel.de",
                "schema": {"type": ["string", "null"]},
            },
        },
    }


def _duckdb() -> dict[str, Any]:
    return {
        "connection-type": "duckdb",
        "hook-class-name": "mercurios_airflow.warehouse.duckdb.hooks.DuckDBHook",
        "hook-name": "DuckDB",
        "ui-field-behaviour": {
            "hidden-fields": ["schema", "login", "password", "port", "extra"],
            "relabeling": {"host": "Warehouse file"},
            "placeholders": {"host": "empty: $MERCURIOS_HOME/warehouse/<tenant>.duckdb"},
        },
    }
