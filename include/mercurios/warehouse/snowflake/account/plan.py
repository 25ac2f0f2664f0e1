"""The set-up of a Snowflake account as a list of statements, in the order in which they can run.

The statements are in `include/sql/snowflake/account/`, first what the account has once, then what each database has,
then each tenant. Rendering them needs no connection, so that a person can read, compare and approve the whole plan
before anything runs. Each statement can run any number of times.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mercurios.sources.registry import every_resource
from mercurios.warehouse.personal import MASKING_POLICIES, personal_columns
from mercurios.warehouse.snowflake.account.settings import AccountSettings, Service, Warehouse
from mercurios.warehouse.snowflake.backend import BACKEND
from mercurios.warehouse.snowflake.roles import SHARED_DATABASE, loader_of
from mercurios.warehouse.sql import render, statements

if TYPE_CHECKING:
    from mercurios.tenants import Tenant

_ACCOUNT_FILES = ("10_roles", "20_resource_monitors", "30_warehouses", "40_storage", "50_users")
_DATABASE_FILES = ("60_database", "70_policies", "80_grants")
_TENANT_FILE = "85_tenant"
_TABLES_FILE = "90_tables"

ROLES = {
    "mercurios_admin": "Owns schemas of data, and decides who reads them; reads no rows",
    "mercurios_policy_admin": "Owns policies, tags and who sees which tenant; owns no data and reads none",
    "mercurios_developer": "Reads everything of every tenant, persons masked; writes nothing",
    "mercurios_analyst": "Reads published marts; sees rows only through the role of a tenant",
    "mercurios_fivetran_service": "Service of Fivetran: its log",
}
_LOADS = "Loads RAW of {} and builds its marts; sees what it has to compare"
SCHEMAS = {
    "raw": "Source rows as they were read",
    "standard": "Cleaned and conformed rows",
    "analytics": "Marts as a run builds them, before they are checked",
    "published": "Marts as people read them, replaced when a run has passed its checks",
    "ops": "Bookkeeping of runs",
    "landing": "A stage for each tenant, which shows the files of its runs",
    "policies": "Who sees which rows and which values",
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
_OBJECT = re.compile(rf"(create|alter|drop) ({_KINDS}) (?:if (?:not )?exists )?([\w.]+)")
_USE_ROLE = re.compile(r"use role (\w+)")
# The names of its loader's role, user and network policy are longer, and Snowflake takes 255 letters.
_DATABASE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}")
_SETTING_OF_ACCOUNT = re.compile(r"alter account set (\w+) = \w+")


@dataclass(frozen=True)
class Statement:
    """One statement of the set-up.

    Attributes:
        file: the template it is from.
        role: the role that runs it.
        action: what it does: `create`, `alter`, `grant`, `merge` or `use`; where a tenant leaves also `drop` and
            `delete`.
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
        ValueError: a tenant lands where the account's integration does not reach, or the account's file names no
            loader of a database.
    """
    context = _account_context(settings, databases)
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
        **_database_context(Database.named(database)),
        "personal_columns": personal_columns(),
        "clustered_tables": [{"name": name, "date": date} for name, date in clustered_tables().items()],
    }
    return list(_rendered(_TABLES_FILE, context))


def leaving_plan(tenant: Tenant, *, alone: bool) -> list[Statement]:
    """Return what takes a tenant out of the account; it can run again as the rest.

    Args:
        tenant: who leaves.
        alone: no one else is in its database, which goes too, with its loader.

    Raises:
        ValueError: the database is the shared one, which stays.
    """
    database = Database.named(tenant.database)
    context = _database_context(database) | {"tenant": _tenant_context(tenant)}
    plan = list(_rendered("leaving/tenant", context))
    if alone:
        if database.name == SHARED_DATABASE:
            raise ValueError(f"database {database.name} is shared and stays")
        role = context["loader"]
        context["service"] = _names_of_service(role.removeprefix("mercurios_"), role, f"{role}_service")
        plan += _rendered("leaving/database", context)
    return plan


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


def _account_context(settings: AccountSettings, databases: Sequence[Database]) -> dict[str, Any]:
    loaders = _loaders(settings, databases)
    purposes = ROLES | {loader_of(name).lower(): _LOADS.format(name) for name in loaders}
    warehouses = _warehouses(settings, [loader_of(name).lower() for name in loaders])
    return {
        "roles": [{"name": name, "purpose": purpose} for name, purpose in purposes.items()],
        "warehouses": warehouses,
        "monitors": _monitors(settings, warehouses),
        "services": _services(settings, loaders),
        "storage_role_arn": settings.storage_role_arn,
        "landing": settings.landing,
        "retention_days": settings.retention_days,
        "schemas": [
            {"name": name, "purpose": purpose, "owner": _owner(name)} for name, purpose in SCHEMAS.items()
        ],
        "layers": ", ".join(f"'{name}'" for name in SCHEMAS),
        "masking_policies": [{"name": name, "type": type_} for name, type_ in MASKING_POLICIES.items()],
    }


def _owner(schema: str) -> str:
    return {"policies": "mercurios_policy_admin", "landing": "sysadmin"}.get(schema, "mercurios_admin")


def _loaders(settings: AccountSettings, databases: Sequence[Database]) -> dict[str, Service]:
    """Return how the loader of each database signs in; that of the shared one is always there."""
    found = {SHARED_DATABASE: settings.loader}
    for database in databases:
        if database.name != SHARED_DATABASE:
            if database.name not in settings.loaders:
                raise ValueError(
                    f"database {database.name} has no loader of its own in the account's file: add key "
                    f"'loaders.{database.name}' with its public_key and network"
                )
            found[database.name] = settings.loaders[database.name]
    return found


def _warehouses(settings: AccountSettings, loaders: Sequence[str]) -> list[dict[str, Any]]:
    sizes = settings.warehouses
    return [
        _warehouse("loading", sizes.loading, "Loads and models", *loaders, "mercurios_fivetran_service"),
        _warehouse("analytics", sizes.analytics, "Answers people", "mercurios_analyst"),
        _warehouse("dev", sizes.dev, "Trials of developers", "mercurios_developer"),
    ]


def _monitors(settings: AccountSettings, warehouses: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the monitors of the warehouses, and that of the account; by default it allows what they do together."""
    each = [{"name": one["monitor"], "monthly_credits": one["monthly_credits"]} for one in warehouses]
    together = settings.monthly_credits or sum(one["monthly_credits"] for one in each)
    return [*each, {"name": "mercurios_account_monitor", "monthly_credits": together}]


def _warehouse(name: str, settings: Warehouse, purpose: str, *users: str) -> dict[str, Any]:
    described = {
        "name": f"mercurios_{name}_wh",
        "monitor": f"mercurios_{name}_monitor",
        "purpose": purpose,
        "users": users,
    }
    return described | settings.model_dump()


def _services(settings: AccountSettings, loaders: Mapping[str, Service]) -> list[dict[str, Any]]:
    services = []
    for name, service in loaders.items():
        role = loader_of(name).lower()
        services.append(_service(role.removeprefix("mercurios_"), role, f"{role}_service", service))
    if settings.fivetran:
        role = "mercurios_fivetran_service"
        services.append(_service("fivetran", role, f"{role}_user", settings.fivetran))
    return services


def _service(name: str, role: str, user: str, settings: Service) -> dict[str, Any]:
    return {
        **_names_of_service(name, role, user),
        "warehouse": "mercurios_loading_wh",
        "purpose": f"The service that signs in as {role}",
        "public_key": settings.public_key,
        "public_key_2": settings.public_key_2,
        "network_list": ", ".join(f"'{network}'" for network in settings.network),
        "is_fivetran": name == "fivetran",
    }


def _names_of_service(name: str, role: str, user: str) -> dict[str, str]:
    return {"user": user, "role": role, "network_policy": f"mercurios_{name}_network"}


def _database_context(database: Database) -> dict[str, Any]:
    return {"database": database.name.lower(), "loader": loader_of(database.name).lower()}


def _tenant_context(tenant: Tenant) -> dict[str, Any]:
    analyst = f"mercurios_analyst_{tenant.id}"
    return {
        "id": tenant.id,
        "analyst": analyst,
        "readers": [analyst.upper(), "MERCURIOS_DEVELOPER"],
        "stage": f"tenant_{tenant.id}",
        "landing": f"{tenant.landing_url()}/tenant={tenant.id}/",
    }


def _check_landing(settings: AccountSettings, database: Database) -> None:
    for tenant in database.tenants:
        url = tenant.landing_url()
        if not f"{url}/".startswith(settings.landing):
            raise ValueError(
                f"tenant {tenant.id}: lands at {url}, not below {settings.landing}, which is all that the account's "
                "integration reads: correct key 'landing' of one of the two files"
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
    if match := _SETTING_OF_ACCOUNT.fullmatch(text):
        return Statement(file, role, "alter", "account", match[1], text)
    action, _, rest = text.partition(" ")
    if action == "grant":
        kind = "role" if rest.startswith("role ") else "privilege"
        return Statement(file, role, action, kind, rest.removeprefix("role "), text)
    if action in ("merge", "delete"):
        return Statement(file, role, action, "table", rest.split()[1], text)
    if action == "use":
        kind, _, name = rest.partition(" ")
        return Statement(file, role, action, kind, name, text)
    raise ValueError(f"{file}: cannot tell what this statement is about: {text.splitlines()[0]}")
