"""The one place that turns a tenant into its open source, and the question every run asks that source first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

from airflow.sdk.exceptions import AirflowFailException

if TYPE_CHECKING:
    from mercurios.sources.source import Source
    from mercurios.tenants import Tenant
    from mercurios.tenants.run import Run

# By kind of source, the module whose `connect` opens it.
CONNECTORS = {
    "files": "mercurios_airflow.sources.files",
    "prohandel": "mercurios_airflow.sources.prohandel.connect",
}


@contextmanager
def connected_source(tenant: Tenant, run: Run, *, share: int = 1) -> Iterator[Source]:
    """Open a tenant's source.

    Args:
        tenant: whose.
        run: the run that reads it, for messages.
        share: number of tasks that share what the source allows in requests.

    Raises:
        AirflowFailException: settings or connection must be corrected first; the message names tenant, run and remedy.
    """
    from mercurios.sources.source import TerminalSourceError

    module = import_module(CONNECTORS[tenant.source.kind])
    try:
        source: Source = module.connect(tenant.source, share=share)
    except TerminalSourceError as error:
        raise AirflowFailException(f"{run}, {error}") from error
    with source:
        yield source


def check_access(tenant: Tenant, run: Run) -> bytes | None:
    """Ask a tenant's source whether it may be read, and return its `hash_key` where it has one.

    All extract tasks of a run use the same connection. Asked once, before the run takes its fence, a refused key is
    one failure and one alert; left to the extract tasks it would be one for each of them.

    Raises:
        AirflowFailException: something must be corrected first; the message names tenant, run and remedy.
    """
    from mercurios.sources.source import TerminalSourceError

    with connected_source(tenant, run) as source:
        try:
            source.check()
            return source.hash_key
        except TerminalSourceError as error:
            where = f"{run}, connection {tenant.source.connection!r}"
            raise AirflowFailException(f"{where}: {error}") from error
