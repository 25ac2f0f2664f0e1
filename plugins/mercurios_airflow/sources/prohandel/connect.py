"""A tenant's ProHandel API as an open source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk.exceptions import AirflowNotFoundException

from mercurios_airflow.sources.prohandel.hooks import ConnectionIncompleteError, ProHandelHook

if TYPE_CHECKING:
    from mercurios.sources.prohandel.settings import ProHandelSettings
    from mercurios.sources.source import Source


def connect(settings: ProHandelSettings, *, share: int) -> Source:
    """Return the API that a tenant's connection leads to.

    Args:
        settings: of the tenant.
        share: number of tasks that share the credential's request budget.

    Raises:
        SourceAccessError: the connection is missing or lacks a field; the message says what to correct.
    """
    from mercurios.sources.prohandel.source import ProHandelSource
    from mercurios.sources.source import SourceAccessError

    conn_id = settings.connection
    hook = ProHandelHook(conn_id)
    try:
        hash_key = hook.hash_key()
        return ProHandelSource(hook.client(settings, share=share), settings, hash_key)
    except AirflowNotFoundException as error:
        raise SourceAccessError(
            f"connection {conn_id!r} is not defined: add it (Admin, Connections), or set "
            f"AIRFLOW_CONN_{conn_id.upper()}"
        ) from error
    except ConnectionIncompleteError as error:
        raise SourceAccessError(str(error)) from error
