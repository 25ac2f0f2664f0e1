"""The question every direct run asks first: does ProHandel let this tenant in?

All extract tasks of a run use the same connection. Asked once, before the run takes its fence, a refused key is one
failure and one alert; left to the extract tasks it would be one for each of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk.exceptions import AirflowFailException, AirflowNotFoundException

from mercurios_airflow.prohandel.hooks import ConnectionIncompleteError, ProHandelHook

if TYPE_CHECKING:
    from mercurios.tenants.files import Tenant


def check_access(tenant: Tenant, run_id: str) -> None:
    """Ask ProHandel for a token and one row.

    Args:
        tenant: whose connection is tried.
        run_id: the run that is about to begin.

    Raises:
        AirflowFailException: the connection must be corrected first; the message names tenant, run, connection and
            remedy.
        TransientProHandelError: ProHandel does not answer; trying again can help.
    """
    from mercurios.sources.prohandel.http.errors import TerminalProHandelError

    hook = ProHandelHook(tenant.connections.prohandel)
    try:
        hook.hash_key()
        with hook.client(tenant.extraction, share=1) as client:
            client.check()
    except (AirflowNotFoundException, ConnectionIncompleteError, TerminalProHandelError) as error:
        raise AirflowFailException(f"tenant {tenant.id}, run {run_id}, {described(error, hook)}") from error


def described(error: Exception, hook: ProHandelHook) -> str:
    """Return what is wrong with a hook's connection and how to correct it."""
    conn_id = hook.prohandel_conn_id
    if isinstance(error, AirflowNotFoundException):
        variable = f"AIRFLOW_CONN_{conn_id.upper()}"
        return f"connection {conn_id!r} is not defined: add it (Admin, Connections), or set {variable}"
    if isinstance(error, ConnectionIncompleteError):
        return str(error)
    return f"connection {conn_id!r}: {error}"
