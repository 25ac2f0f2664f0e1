"""How dbt signs in to Snowflake when Airflow runs it: with the tenant's connection, as every other task does.

The profile is the one of the project, `include/dbt/profiles.yml`. What it asks of the environment is looked up when a
task runs and handed to dbt beside the task's own variables, whose values the UI shows.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from cosmos.profiles.base import BaseProfileMapping

if TYPE_CHECKING:
    from mercurios.tenants import Tenant


class SnowflakeProfile(BaseProfileMapping):
    """The project's Snowflake target, signed in as a tenant's connection says.

    Args:
        tenant: whose connection and database.
        profiles: the project's profiles.yml.
        profile_name: the profile in it.
    """

    airflow_connection_type = "snowflake"
    dbt_profile_type = "snowflake"

    def __init__(self, tenant: Tenant, profiles: Path, profile_name: str) -> None:
        super().__init__(tenant.connections.warehouse)
        self._database = tenant.database
        self._profiles = profiles
        self._profile_name = profile_name

    @property
    def profile(self) -> dict[str, Any]:
        """The target as the project has it; nothing of the connection is in it."""
        profiles = yaml.safe_load(self._profiles.read_text(encoding="utf-8"))
        target: dict[str, Any] = profiles[self._profile_name]["outputs"]["snowflake"]
        return target

    @property
    def env_vars(self) -> dict[str, str]:
        """What the profile asks of the environment.

        Raises:
            ValueError: the connection holds no private key.
        """
        from mercurios_airflow.warehouse.snowflake.hooks import SessionHook

        found = SessionHook(snowflake_conn_id=self.conn_id)._get_conn_params()
        key: Any = found.get("private_key")
        if not key:
            raise ValueError(
                f"connection {self.conn_id!r} holds no private key: dbt signs in with the key pair of the loader's "
                "service user; add private_key_content or private_key_file to the connection's extra"
            )
        account = ".".join(part for part in (found["account"], found.get("region")) if part)
        variables = {
            "SNOWFLAKE_ACCOUNT": account,
            "SNOWFLAKE_DATABASE": self._database,
            "SNOWFLAKE_HOST": found.get("host"),
            "SNOWFLAKE_PORT": found.get("port"),
            "SNOWFLAKE_ROLE": found["role"],
            "SNOWFLAKE_USER": found["user"],
            "SNOWFLAKE_WAREHOUSE": found["warehouse"],
            "DBT_ENV_SECRET_SNOWFLAKE_PRIVATE_KEY": base64.b64encode(key).decode(),
        }
        return {name: str(value) for name, value in variables.items() if value}
