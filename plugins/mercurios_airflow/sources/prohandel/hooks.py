"""The hook that turns an Airflow connection into a ProHandel client.

Connection of type `prohandel`: host is the token service, login the API key, password the secret. The extra
field `hash_key` keys the hashes that replace persons' numbers; changing it changes every hash. `api_hosts` lists the
hosts that may get tokens, where they are not ProHandel's own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook

if TYPE_CHECKING:
    from mercurios.sources.prohandel.client import ProHandelClient
    from mercurios.sources.prohandel.settings import ProHandelSettings


# A host, or a dot and what hosts below it end with; a top-level domain alone would be every host.
_HOST = re.compile(r"localhost|\.?[a-z0-9-]+(\.[a-z0-9-]+)+|[0-9a-f:]{2,39}")


class ConnectionIncompleteError(ValueError):
    """A ProHandel connection lacks a field; the message names connection, field and what belongs there.

    No colon follows the name of a secret field: what does is taken for the secret, and masked in alerts.
    """


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

    def client(self, settings: ProHandelSettings | None, *, share: int) -> ProHandelClient:
        """Return a client for one task.

        Args:
            settings: the tenant's extraction settings; None takes the client's defaults.
            share: number of tasks that share the credential's request budget.

        Raises:
            ConnectionIncompleteError: the connection lacks key or secret, or its host is no URL, or api_hosts no hosts.
        """
        from mercurios.sources.prohandel.client import DEFAULT_AUTH_URL, ProHandelClient
        from mercurios.sources.prohandel.http.settings import PROHANDELS_HOSTS, ClientSettings, Credentials

        connection = self.get_connection(self.prohandel_conn_id)
        if not connection.login or not connection.password:
            raise ConnectionIncompleteError(
                f"connection {self.prohandel_conn_id!r} has no {'password' if connection.login else 'login'}; "
                "set login to the API key and password to the secret"
            )
        host = connection.host or DEFAULT_AUTH_URL
        if not host.startswith(("https://", "http://")):
            raise ConnectionIncompleteError(
                f"connection {self.prohandel_conn_id!r} has a host without scheme; set it to the URL of the token "
                f"service, such as {DEFAULT_AUTH_URL}"
            )
        hosts = self._api_hosts(connection.extra_dejson.get("api_hosts")) or PROHANDELS_HOSTS
        client_settings = ClientSettings(api_hosts=hosts)
        if settings is not None:
            budget = settings.requests_per_minute
            client_settings = ClientSettings(
                api_hosts=hosts,
                page_size=settings.page_size,
                pages_in_flight=settings.pages_in_flight,
                requests_per_minute=budget / share if budget else None,
            )
        return ProHandelClient(
            host,
            Credentials(connection.login, connection.password),
            client_settings,
        )

    def _api_hosts(self, written: Any) -> tuple[str, ...]:
        words = re.split(r"[,\s]+", written) if isinstance(written, str) else written or []
        hosts = (
            tuple(str(word).strip().lower() for word in words if word) if isinstance(words, list) else ("?",)
        )
        if not all(_HOST.fullmatch(host) for host in hosts):
            raise ConnectionIncompleteError(
                f"connection {self.prohandel_conn_id!r} has an extra field api_hosts that is no list of hosts; "
                "write them without scheme, port and path, such as shop.example.com, .example.com"
            )
        return hosts

    def hash_key(self) -> bytes:
        """Return the key of the hashes that replace persons' numbers.

        Raises:
            ConnectionIncompleteError: the connection has none, or one that others can guess, which hides no person.
        """
        from mercurios.sources.hash_keys import LEAST_LENGTH, weakness

        key = self.get_connection(self.prohandel_conn_id).extra_dejson.get("hash_key")
        if not key:
            raise ConnectionIncompleteError(
                f"connection {self.prohandel_conn_id!r} has no hash_key; set the extra field to a random text, once "
                "and for good, since another one changes every hash"
            )
        if reason := weakness(str(key)):
            raise ConnectionIncompleteError(
                f"connection {self.prohandel_conn_id!r} has a weak hash_key, which {reason}; set the extra field to a "
                f"random text of at least {LEAST_LENGTH} characters, such as `openssl rand -hex 32` prints, and where "
                "rows are loaded have them read again with `python -m mercurios rekey`"
            )
        return str(key).encode()

    def test_connection(self) -> tuple[bool, str]:
        """Ask for a token and one row, for the connection form's test button."""
        try:
            with self.client(None, share=1) as client:
                return True, f"token granted; the API is at {client.check()}"
        except Exception as error:
            return False, str(error)
