"""Keys that look like one and are spelt in two ways."""

from __future__ import annotations

import pytest

from mercurios.inputs.keys import likeness, spelt_otherwise


@pytest.mark.parametrize(
    ("one", "other"), [("A 1", "a1 "), ("04711", "4711"), ("123.0", "123"), ("x\u00a0y", "XY"), ("0", "000")]
)
def test_spellings_of_a_key_look_alike(one: str, other: str) -> None:
    assert likeness(one) == likeness(other)
    assert spelt_otherwise(one, ["x", other]) == other


@pytest.mark.parametrize(
    ("one", "other"),
    [("A1", "B1"), ("A10", "A1"), ("1", "10"), ("0", ""), ("12.5", "12"), ("A-1-12", "A-11-2")],
)
def test_other_keys_do_not(one: str, other: str) -> None:
    assert likeness(one) != likeness(other)
    assert spelt_otherwise(one, [one, other]) is None
