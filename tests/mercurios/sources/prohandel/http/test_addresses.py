"""Which addresses may get credentials."""

from __future__ import annotations

import pytest

from mercurios.sources.prohandel.http.addresses import AddressError, check_api, check_secure
from mercurios.sources.prohandel.http.settings import PROHANDELS_HOSTS

AUTH = "https://auth.prohandel.cloud"


def is_allowed(address: str, token_service: str, hosts: tuple[str, ...]) -> bool:
    """Return whether a token may be sent to an address."""
    try:
        check_api(address, token_service, hosts)
    except AddressError:
        return False
    return True


@pytest.mark.parametrize(
    "address",
    [
        "https://shop.prohandel.de",
        "https://SHOP.ProHandel.de/",
        "https://shop.prohandel.de:8443/api/v2",
        "https://api.prohandel.cloud",
    ],
)
def test_hosts_of_the_vendor_may_get_tokens(address: str) -> None:
    assert is_allowed(address, AUTH, PROHANDELS_HOSTS)


@pytest.mark.parametrize(
    "address",
    [
        "http://shop.prohandel.de",
        "https://prohandel.de.evil.example",
        "https://evilprohandel.de",
        "https://shop.prohandel.de@evil.example",
        "https://evil.example/.prohandel.de",
        "https://evil.example#.prohandel.de",
        "https://evil.example?.prohandel.de",
        "https://evil.example\\.prohandel.de",
        "https://shop.prohandel.de\r\n.evil.example",
        "https://shop.prohandel.de /",
        "https://shop.prohandel.de/a/../b",
        "https://shop.prohandel.de/%2e%2e",
        "https://shop.prohandel.de:port",
        "https://[::1",
        "https://\uff53hop.prohandel.de",
        "https://127.0.0.1",
        "http://127.0.0.1:8990",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "//shop.prohandel.de",
        "",
    ],
)
def test_other_addresses_may_not(address: str) -> None:
    assert not is_allowed(address, AUTH, PROHANDELS_HOSTS)


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]"])
def test_this_machine_may_where_the_token_service_is_on_it_too(name: str) -> None:
    assert is_allowed(f"http://{name}:8990/t/mini", "http://127.0.0.1:8990/auth", ())


def test_a_person_may_allow_a_host_and_all_hosts_below_a_domain() -> None:
    check_api("https://erp.example.com", AUTH, ("erp.example.com",))
    check_api("https://a.b.example.com", AUTH, (".Example.com",))
    check_api("https://login.example.org", "https://login.example.org", ())

    for other in ("https://a.erp.example.com", "https://example.com.evil.example"):
        with pytest.raises(AddressError, match="is not among those that the connection allows"):
            check_api(other, AUTH, ("erp.example.com",))


@pytest.mark.parametrize("address", ["http://auth.example", "http://10.0.0.1", "ftp://127.0.0.1"])
def test_credentials_never_leave_this_machine_in_clear(address: str) -> None:
    with pytest.raises(AddressError):
        check_secure(address)
