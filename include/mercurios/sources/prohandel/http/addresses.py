"""Which addresses may get credentials: what the connection says, checked before anything is sent there.

The token service's address is a person's word. The API's comes from the token service's response, so from a server, and
gets every token of the tenant: it is taken only where a person has allowed its host.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?")
_HOST = re.compile(r"[a-z0-9.-]{1,253}|[0-9a-f:]{2,39}")


class AddressError(ValueError):
    """An address that may get no credentials; the message says why, and shows at most a host name."""


def check_secure(address: str) -> str:
    """Return the host of an address that may get credentials; plain http never leaves this machine.

    Raises:
        AddressError: it is not https, or no plain address of a host.
    """
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise AddressError("it is no address") from None
    if not (host and _is_plain(address, parts, host)):
        raise AddressError("it is not the plain address of a host, such as https://shop.prohandel.de")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise AddressError(f"it is not https, so that what is sent to {host} could be read on the way")
    return host


def check_api(address: str, auth_url: str, allowed: Iterable[str]) -> None:
    """Do nothing for the address of an API that may get the tenant's tokens.

    Args:
        address: `serverUrl` of the token service's response.
        auth_url: the token service, whose host has the credentials already.
        allowed: hosts that a person has allowed; one that begins with a dot stands for all hosts below it.

    Raises:
        AddressError: no one has allowed it.
    """
    host = check_secure(address)
    auth_host = urlsplit(auth_url).hostname or ""
    if host == auth_host or (is_loopback(host) and is_loopback(auth_host)):
        return
    for name in (each.strip().lower() for each in allowed):
        if host == name or (name.startswith(".") and host.endswith(name)):
            return
    raise AddressError(
        f"its host {host} is not among those that the connection allows. If it is the tenant's, add it to api_hosts, a "
        "list in the extra field of the ProHandel connection"
    )


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_plain(address: str, parts: SplitResult, host: str) -> bool:
    """Return whether an address has no user, query, fragment, or anything that two readers may read differently."""
    written = f"{parts.scheme}://{parts.netloc}{parts.path}"
    return (
        address == written
        and "@" not in parts.netloc
        and _HOST.fullmatch(host) is not None
        and _PATH.fullmatch(parts.path) is not None
    )
