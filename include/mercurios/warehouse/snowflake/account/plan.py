"""The set-up of a Snowflake account as a list of statements, in the order in which they can run.

The statements are in `include/sql/snowflake/account/`, first what the account has once, then what each database has,
then each tenant. Rendering them needs no connection, so that a person can read, compare and approve the whole plan
before anything runs. Each statement can run any number of times.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mercurios.sources.registry import every_resource
from mercurios.tenants import Tenant
from mercurios.warehouse.personal import MASKING_POLICIES, personal_columns
from mercurios.warehouse.snowflake.account.settings import AccountSettings, Service, Warehouse
from mercurios.warehouse.snowflake.backend import BACKEND
from mercurios.warehouse.sql import render, statements

_ACCOUNT_FILES = ("10_roles", "20_resource_monitors", "30_warehouses", "40_storage", "50_users")
_DATABASE_FILES = ("60_database", "70_policies", "75_stage", "80_grants")
_TENANT_FILE = "85_tenant"
_TABLES_FILE = "90_tables"

ROLES = {
    "mercurios_admin": "Owns schemas, policies, tags and stages; reads no rows",
    "mercurios_developer": "Reads everything of every tenant, persons masked; writes nothing",
    "mercurios_analyst": "Reads published marts; sees rows only through the role of a tenant",
    "mercurios_loader": "Loads RAW and builds the marts; sees what it has to compare",
    "mercurios_fivetran_service": "Service of Fivetran: its own schemas and its log",
}
SCHEMAS = {
    "raw": "Source rows as they were read",
    "standard": "Cleaned and conformed rows",
    "analytics": "Marts as a run builds them, before they are checked",
    "published": "Marts as people read them, replaced when a run has passed its checks",
    "ops": "Bookkeeping of runs, policies and the landing stage",
    "fivetran_log": "What Fivetran says about its own runs",
}
# Tables that are read by business day, and the column that says which. RAW tables with a `date` are added.
CLUSTERED = {
    "standard.int_sales_netted": "sold_on",
    "analytics.fct_sales": "sold_on",
    "analytics.fct_demand_weekly": "week_start",
    "analytics.forecast_weekly": "week_start",
}

_KINDS = (
    r"resource monitor|network policy|storage integration|row access policy|masking policy|file format"
    r"|role|warehouse|user|database|schema|tag|table|stage"
)
_OBJECT = re.compile(rf"(create|alter) ({_KINDS}) (?:if (?:not )?exists )?([\w.]+)")
_USE_ROLE = re.compile(r"use role (\w+)")
_DATABASE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")


@dataclass(frozen=True)
class Statement:
    """One statement of the set-up.

    Attributes:
        file: the template it is from.
        role: the role that runs it.
        action: what it does: `create`, `alter`, `grant`, `merge` or `use`.
        kind: kind of the object, such as `masking policy`; of a grant the word `privilege` or `role`.
        object: the object's name; of a grant what is granted, on what and to whom.
        text: the statement, without a semicolon.
    """

    file: str
    role: str
    action: str
    kind: str
    object: str
    text: str

    def __str__(self) -> str:
        return f"{self.action} {self.kind} {self.object}"


@dataclass(frozen=True)
class Database:
    """A database and the tenants that share it."""

    name: str
    tenants: tuple[Tenant, ...] = ()

    @classmethod
    def named(cls, name: str, tenants: Iterable[Tenant] = ()) -> Database:
        """Return the database of that name, which Snowflake spells in capitals.

        Raises:
            ValueError: the name needs quotes, which no statement here puts around it.
        """
        if not _DATABASE.fullmatch(name):
            raise ValueError(
                f"database {name!r} is no plain name; use letters, digits and underscores, such as MERCURIOS_DATA"
            )
        return cls(name.upper(), tuple(tenants))


def databases_of(tenants: Iterable[Tenant]) -> list[Database]:
    """Group the tenants on Snowflake by the database that their files name.

    Raises:
        ValueError: a file names a database that cannot be.
    """
    found: dict[str, list[Tenant]] = {}
    for tenant in tenants:
        if tenant.engine == BACKEND.name:
            try:
                name = Database.named(tenant.database).name
            except ValueError as error:
                raise ValueError(f"tenant {tenant.id}: key 'database': {error}") from None
            found.setdefault(name, []).append(tenant)
    return [Database.named(name, members) for name, members in sorted(found.items())]


def account_plan(settings: AccountSettings, databases: Sequence[Database]) -> list[Statement]:
    """Return every statement of the set-up, in order.

    Raises:
        ValueError: a tenant lands where the account's stage does not reach.
    """
    context = _account_context(settings)
    plan = [statement for name in _ACCOUNT_FILES for statement in _rendered(name, context)]
    for database in databases:
        _check_landing(settings, database)
        database_context = context | _database_context(database)
        plan += [statement for name in _DATABASE_FILES for statement in _rendered(name, database_context)]
        for tenant in database.tenants:
            plan += _rendered(_TENANT_FILE, database_context | {"tenant": _tenant_context(tenant)})
        plan += table_plan(database.name)
    return plan


def table_plan(database: str) -> list[Statement]:
    """Return what the tables of a database get once they exist; the loader's role runs it."""
    context = {
        "database": database.lower(),
        "personal_columns": personal_columns(),
        "clustered_tables": [{"name": name, "date": date} for name, date in clustered_tables().items()],
    }
    return list(_rendered(_TABLES_FILE, context))


def clustered_tables() -> dict[str, str]:
    """Return the tables that are clustered by tenant and date, with the column of the date."""
    raw = {
        f"raw.{resource.table}": column.name
        for resource in every_resource().values()
        for column in resource.columns
        if column.name == "date"
    }
    published = {name.replace("analytics.", "published."): date for name, date in CLUSTERED.items()}
    return raw | CLUSTERED | published


def _account_context(settings: AccountSettings) -> dict[str, Any]:
    return {
        "roles": [{"name": name, "purpose": purpose} for name, purpose in ROLES.items()],
        "warehouses": [
            _warehouse(
                "loading",
                settings.warehouses.loading,
                "Loads and models",
                "mercurios_loader",
                "mercurios_fivetran_service",
            ),
            _warehouse("analytics", settings.warehouses.analytics, "Answers people", "mercurios_analyst"),
            _warehouse("dev", settings.warehouses.dev, "Trials of developers", "mercurios_developer"),
        ],
        "services": _services(settings),
        "storage_role_arn": settings.storage_role_arn,
        "landing": settings.landing,
        "retention_days": settings.retention_days,
        "schemas": [{"name": name, "purpose": purpose} for name, purpose in SCHEMAS.items()],
        "layers": ", ".join(f"'{name}'" for name in SCHEMAS),
        "masking_policies": [{"name": name, "type": type_} for name, type_ in MASKING_POLICIES.items()],
    }


def _warehouse(name: str, settings: Warehouse, purpose: str, *users: str) -> dict[str, Any]:
    described = {
        "name": f"mercurios_{name}_wh",
        "monitor": f"mercurios_{name}_monitor",
        "purpose": purpose,
        "users": users,
    }
    return described | settings.model_dump()


def _services(settings: AccountSettings) -> list[dict[str, Any]]:
    services = [_service("loader", "mercurios_loader", "mercurios_loader_service", settings.loader)]
    if settings.fivetran:
        role = "mercurios_fivetran_service"
        services.append(_service("fivetran", role, f"{role}_user", settings.fivetran))
    return services


def _service(name: str, role: str, user: str, settings: Service) -> dict[str, Any]:
    return {
        "user": user,
        "role": role,
        "warehouse": "mercurios_loading_wh",
        "purpose": f"The service that signs in as {role}",
        "public_key": settings.public_key,
        "public_key_2": settings.public_key_2,
        "network_policy": f"mercurios_{name}_network",
        "network_list": ", ".join(f"'{network}'" for network in settings.network),
        "is_fivetran": name == "fivetran",
    }


def _database_context(database: Database) -> dict[str, Any]:
    return {
        "database": database.name.lower(),
    }


def _tenant_context(tenant: Tenant) -> dict[str, Any]:
    analyst = f"mercurios_analyst_{tenant.id}"
    return {"id": tenant.id, "analyst": analyst, "readers": [analyst.upper(), "MERCURIOS_DEVELOPER"]}


def _check_landing(settings: AccountSettings, database: Database) -> None:
    for tenant in database.tenants:
        url = tenant.landing_url()
        if not f"{url}/".startswith(settings.landing):
            raise ValueError(
                f"tenant {tenant.id}: lands at {url}, not below {settings.landing}, which is all that the stage of its "
                "database reads: correct key 'landing' of one of the two files"
            )


def _rendered(name: str, context: Mapping[str, Any]) -> Iterator[Statement]:
    role = ""
    for part in statements(render("snowflake", f"account/{name}", **context)):
        text = without_comments(part)
        if match := _USE_ROLE.fullmatch(text):
            role = match[1]
        else:
            yield _described(name, role, text)


def without_comments(part: str) -> str:
    """Drop what explains the file to its reader; a plan is compared by what it does."""
    lines = (line.rstrip() for line in part.splitlines())
    return "\n".join(line for line in lines if line and not line.lstrip().startswith("--"))


def _described(file: str, role: str, text: str) -> Statement:
    if match := _OBJECT.match(text):
        return Statement(file, role, match[1], match[2], match[3], text)
    action, _, rest = text.partition(" ")
    if action == "grant":
        kind = "role" if rest.startswith("role ") else "privilege"
        return Statement(file, role, action, kind, rest.removeprefix("role "), text)
    if action == "merge":
        return Statement(file, role, action, "table", rest.split()[1], text)
    if action == "use":
        kind, _, name = rest.partition(" ")
        return Statement(file, role, action, kind, name, text)
    raise ValueError(f"{file}: cannot tell what this statement is about: {text.splitlines()[0]}")
