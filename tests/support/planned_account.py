"""A Snowflake account to plan for: its settings, and tenants that share a database or have their own."""

from __future__ import annotations

from typing import Any

from mercurios.tenants import Tenant
from mercurios.warehouse.snowflake.account.plan import Statement, account_plan, databases_of
from mercurios.warehouse.snowflake.account.settings import AccountSettings

# Made for the tests; the other half does not exist.
PUBLIC_KEY = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAm8M5lXQJkLZLCHhHDtHvYOZY6t5qlpOcIsx9filnvN5EqXiPXEBUvC"
    "YVesEzs3tgSlErbFMOPGYqu+o6KNMEvB+Ln+NvGmYD+66kc7wCF+bQXnjJu125kAgtPonpV1dc6EhnK54j+aYsoYnRlaxP1lgn"
    "k1F/o9aTf70JhT19avG/Bhc8oVJOWm8r9j9T0BO1aUUsYGXzi4n5Aqe2RV89Jczn1KgHQShn1CMmXzIuU5ZXgPeAnSIGoLZT9O"
    "7GRunCXnqlbet2TME5+gtqx5eBJEegqYNL3+Qi8Hjxek5y7nR4TNUTFUdYCOpzj6Lq5z15GUl5hbk9LAB5L4m8XIYmQQIDAQAB"
)
LANDING = "s3://synthetic-landing/mercurios/"
NETWORK = ["203.0.113.0/28"]


SERVICE = {"public_key": PUBLIC_KEY, "network": NETWORK}


def document(*databases: str, **more: Any) -> dict[str, Any]:
    """Return the account's file as YAML reads it, with a loader of each of these databases."""
    service = SERVICE
    return {
        "landing": LANDING,
        "storage_role_arn": "arn:aws:iam::123456789012:role/synthetic-landing-reader",
        "loader": service,
        "loaders": dict.fromkeys(databases or ("SOLO_DATA",), service),
        "fivetran": service,
    } | more


def settings(**more: Any) -> AccountSettings:
    """Return the account's settings."""
    return AccountSettings.model_validate(document(**more))


def tenant(name: str, **more: Any) -> Tenant:
    """Return a tenant on Snowflake."""
    return Tenant.model_validate(
        {
            "id": name,
            "name": name.title(),
            "time_zone": "Europe/Berlin",
            "country": "DE",
            "currency": "EUR",
            "owner": "team",
            "landing": LANDING + name,
            "source": {"kind": "prohandel", "connection": f"prohandel_{name}"},
            "connections": {"warehouse": f"snowflake_{name}"},
        }
        | more
    )


def plan() -> list[Statement]:
    """Return the plan of an account with two tenants in one database and one in its own."""
    alone = tenant("solo", database="SOLO_DATA")
    return account_plan(settings(), databases_of([tenant("north"), tenant("south"), alone]))
