"""No package brings a licence that is unknown or forbids a use."""

from __future__ import annotations

import pytest
from licences import ALLOWED, DECIDED, installed_in_the_image, is_allowed, licence_of


def test_every_package_of_the_image_has_a_licence_that_lets_it_be_used() -> None:
    packages = installed_in_the_image()
    licences = {name: licence_of(name) for name in packages}

    assert len(packages) > 200
    assert {name: said for name, said in licences.items() if not is_allowed(said)} == {}


def test_what_a_person_decided_is_still_installed() -> None:
    assert DECIDED.keys() <= set(installed_in_the_image())
    assert {licence for licence, _ in DECIDED.values()} <= ALLOWED


@pytest.mark.parametrize(
    "said", ["MIT", "Apache-2.0 AND MIT", "MIT OR GPL-3.0-only", "MPL-2.0 AND (Apache-2.0 OR MIT)"]
)
def test_a_licence_with_notices_alone_is_allowed(said: str) -> None:
    assert is_allowed(said)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "unknown",
        "GPL-3.0-only",
        "MIT AND GPL-2.0-or-later",
        "AGPL-3.0-only OR SSPL-1.0",
        "Proprietary",
        "BUSL-1.1",
    ],
)
def test_any_other_licence_is_not(said: str) -> None:
    assert not is_allowed(said)
