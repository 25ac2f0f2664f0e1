"""The hook that turns an Airflow connection into a ProHandel client.

Connection of type `prohandel`: host is the token service, login the API key, password the secret. The extra
field `hash_key` keys the hashes that replace persons' numbers; changing it changes every hash.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook

if TYPE_CHECKING:
    from mercurios.prohandel.client import ProHandelClient
    from mercurios.tenants import Extraction


class ProHandelHook(BaseHook):
    """Opens clients of the ProHandel API.

    Args:
        prohandel_conn_id: connection of type `prohandel`.
    """

    conn_name_attr = "prohandel_conn_id"
    default_conn_name = "prohandel_default"
    conn_type = "prohandel"
    hook_name = "ProHandel"

    def __init__(self, prohandel_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.prohandel_conn_id = prohandel_conn_id

    def get_conn(self) -> ProHandelClient:
        """Return a client with default settings."""
        return self.client(None, share=1)

    def client(self, settings: Extraction | None, *, share: int) -> ProHandelClient:
        """Return a client for one task.

        Args:
            settings: the tenant's extraction settings; None takes the client's defaults.
            share: number of tasks that share the credential's request budget.

        Raises:
            ValueError: the connection lacks key or secret.
        """
        from mercurios.prohandel.client import DEFAULT_AUTH_URL, ClientSettings, Credentials, ProHandelClient

        connection = self.get_connection(self.prohandel_conn_id)
        if not connection.login or not connection.password:
            raise ValueError(
                f"connection {self.prohandel_conn_id!r} has no {'password' if connection.login else 'login'}: "
                "set login to the API key and password to the secret"
            )
        client_settings = ClientSettings()
        if settings is not None:
            budget = settings.requests_per_minute
            client_settings = ClientSettings(
                page_size=settings.page_size,
                pages_in_flight=settings.pages_in_flight,
                requests_per_minute=budget / share if budget else None,
            )
        return ProHandelClient(
            connection.host or DEFAULT_AUTH_URL,
            Credentials(connection.login, connection.password),
            client_settings,
        )

    def hash_key(self, tenant_id: str) -> bytes:
        """Return the key of the hashes that replace persons' numbers, the tenant's id where none is set."""
        connection = self.get_connection(self.prohandel_conn_id)
        key = connection.extra_dejson.get("hash_key")
        if not key:
            self.log.warning(
                "connection %s sets no hash_key: persons' numbers are hashed with the tenant's id, which "
                "whoever knows the numbers can repeat",
                self.prohandel_conn_id,
            )
        return str(key or tenant_id).encode()

    def test_connection(self) -> tuple[bool, str]:
        """Ask for a token, for the connection form's test button."""
        try:
            with self.client(None, share=1) as client:
                return True, f"token granted; the API is at {client.check()}"
        except Exception as error:
            return False, str(error)
