"""Loaded by every dbt process that finds it on its path: dbt imports each module named `dbt_*` as a plugin.

What an engine says of a value that does not fit, dbt writes into its log, its results and the error of its task. Here
the value is taken out before dbt sees it (decision 0052).

dbt writes ephemeral models into the queries of their readers. To find the place it takes the whole query apart
with `sqlparse`, a fifth of the CPU seconds of a build whose tables are small, and uses nothing of what it finds but
the query's first word: if that is `with`, it writes behind it. Here that word is looked for at the beginning, the
only place where it can be. What comes out is the same text (`tests/dbt/test_ephemeral_models.py`); without this
module dbt only takes longer.

dbt gives every node, several times, the names of all its 600 macros, and looks for each in five places. Here these
are put together as they are (`tests/dbt/test_names_of_macros.py`).

dbt describes each of its steps by two messages, also where its log takes no steps and they are thrown away. Here such
a message is made when it is read (decision 0057).
"""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import dbt.adapters.factory
import dbt.compilation
from dbt.context.macros import MacroNamespace
from dbt.context.manifest import ManifestContext
from dbt.tracking import track_behavior_change_warn
from dbt_common.events.base_types import BaseEvent, DebugLevel, EventLevel
from dbt_common.events.event_manager import EventManager

from mercurios.warehouse.engine import without_values
from mercurios.warehouse.registry import backend_named

# White space and comments, then the word behind which other common table expressions may stand.
_BEGINNING = re.compile(
    r"(?:\s|--[^\n]*(?:\n|\Z)|/\*.*?\*/)*(with(?:\s+recursive)?\b\s*)?", re.IGNORECASE | re.DOTALL
)

# How many new objects, and how many looks at younger ones, come before each look of the garbage collector.
_LOOKS = (50_000, 20, 50)

gc.set_threshold(*_LOOKS)

dbts_own = dbt.compilation.inject_ctes_into_sql


def with_steps(sql: str, ctes: Sequence[Any]) -> str:
    """Return a query that begins with common table expressions, followed by its own if it has any."""
    if not ctes:
        return sql
    written = ", ".join(cte.sql for cte in ctes)
    beginning = _BEGINNING.match(sql)
    if beginning and beginning[1]:
        return f"{sql[: beginning.end()]}{written}, {sql[beginning.end() :]}"
    blank = len(sql) - len(sql.lstrip())
    return f"{sql[:blank]}with{written} {sql[blank:]}"


dbt.compilation.inject_ctes_into_sql = with_steps


def named(namespace: MacroNamespace) -> dict[str, Any]:
    """Return a namespace as a dictionary: where a name is in several places, the first counts."""
    names: dict[str, Any] = {}
    for place in reversed([*namespace._search_order()]):
        names.update(place)
    return names


def _with_macros(context: ManifestContext) -> dict[str, Any]:
    names: dict[str, Any]
    if isinstance(context.namespace, MacroNamespace):
        names = super(ManifestContext, context).to_dict()
        names.update(named(context.namespace))
    else:
        names = dbts_context(context)
    return names


dbts_context = ManifestContext.to_dict
ManifestContext.to_dict = _with_macros  # type: ignore[method-assign]


def guard(connections: Any) -> None:
    """Let no error that leaves an adapter's connections quote a value, neither of a statement nor of fetching rows."""
    handled, fetched = connections.exception_handler, connections.get_result_from_cursor

    @contextmanager
    def handler(sql: str, *names: str) -> Iterator[None]:
        with handled(sql, *names), _without_values(connections.TYPE, sql):
            yield

    def fetch(*arguments: Any) -> Any:
        with _without_values(connections.TYPE, ""):
            return fetched(*arguments)

    connections.exception_handler, connections.get_result_from_cursor = handler, fetch


@contextmanager
def _without_values(engine: str, sql: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if backend_named(engine).shows_a_value(error):
            said = without_values(str(error), sql)
            # dbt's adapters look at the error itself, so it stays the one it is.
            error.args = (said,)
            for name in ("msg", "raw_msg"):
                if hasattr(error, name):
                    setattr(error, name, said)
        raise


def _registered(container: Any, config: Any, *arguments: Any, **options: Any) -> None:
    is_new = config.credentials.type not in container.adapters
    dbts_registration(container, config, *arguments, **options)
    if is_new:
        guard(container.adapters[config.credentials.type].connections)


dbts_registration = dbt.adapters.factory.AdapterContainer.register_adapter
dbt.adapters.factory.AdapterContainer.register_adapter = _registered  # type: ignore[method-assign]


_STEPS = {EventLevel.DEBUG, EventLevel.TEST}

dbts_description = BaseEvent.__init__
dbts_lookup = BaseEvent.__getattr__
dbts_firing = EventManager.fire_event


def reads_steps(manager: EventManager) -> bool:
    """Return whether a log or a listener of dbt takes messages of single steps."""
    # dbt's own listener looks at warnings.
    listeners = [each for each in manager.callbacks if each is not track_behavior_change_warn]
    return bool(listeners) or any(logger.level in _STEPS for logger in manager.loggers)


def _describe_when_read(event: BaseEvent, *arguments: Any, **fields: Any) -> None:
    if isinstance(event, DebugLevel):
        event.__dict__["undescribed"] = (arguments, fields)
    else:
        dbts_description(event, *arguments, **fields)


def _read(event: BaseEvent, name: str) -> Any:
    undescribed = event.__dict__.pop("undescribed", None)
    if undescribed:
        arguments, fields = undescribed
        dbts_description(event, *arguments, **fields)
        return getattr(event, name)
    return dbts_lookup(event, name)  # type: ignore[no-untyped-call]


def _fire_what_is_read(
    manager: EventManager,
    e: BaseEvent,
    level: EventLevel | None = None,
    node: Any = None,
    force_warn_or_error_handling: bool = False,
) -> None:
    is_step = (level or e.level_tag()) in _STEPS and not force_warn_or_error_handling
    if not is_step or reads_steps(manager):
        dbts_firing(manager, e, level, node, force_warn_or_error_handling)


BaseEvent.__init__ = _describe_when_read  # type: ignore[assignment,method-assign]
BaseEvent.__getattr__ = _read  # type: ignore[method-assign]
EventManager.fire_event = _fire_what_is_read  # type: ignore[assignment,method-assign]
