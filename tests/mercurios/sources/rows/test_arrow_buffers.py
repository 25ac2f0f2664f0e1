"""Columns put together from buffers are those that Arrow itself makes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mercurios.sources.rows.arrow_buffers import booleans, flags, hexadecimals, texts, validity_of


@pytest.mark.parametrize(
    "values",
    [
        [],
        [""],
        ["", ""],
        ["a"] * 5,
        ["ü"] * 5,
        ["x" * 255] * 3,
        ["x" * 256] * 3,
        ["a", "bc", ""],
        ["ü", "a", "\U0001f600"],
        [None],
        [None, "a", None, "ü"],
        ["a", None],
        ["a", "a", None],
    ],
)
def test_texts_are_the_column_that_arrow_makes(values: list[Any]) -> None:
    found = texts(values)

    found.validate(full=True)
    assert found.equals(pa.array(values, pa.string()))
    assert found.null_count == values.count(None)


@pytest.mark.parametrize("values", [[1], ["a", 1], [b"a", 1.0]])
def test_what_is_no_text_is_refused(values: list[Any]) -> None:
    with pytest.raises((pa.ArrowException, TypeError)):
        texts(values)


@pytest.mark.parametrize("suffix", ["", ".key"])
@pytest.mark.parametrize("digests", [[], [b"\x00\xff"], [b"\x01\x02\x03", b"\xfe\xdc\xba"]])
def test_digests_are_the_column_of_their_hexadecimal_texts(digests: list[bytes], suffix: str) -> None:
    found = hexadecimals(b"".join(digests), len(digests[0]) if digests else 2, suffix)

    found.validate(full=True)
    assert found.equals(pa.array([digest.hex() + suffix for digest in digests], pa.string()))


@pytest.mark.parametrize("values", [[], [True], [True, False] * 9, [None, True], [None]])
def test_booleans_are_the_column_that_arrow_makes(values: list[Any]) -> None:
    found = booleans(values)

    found.validate(full=True)
    assert found.equals(pa.array(values, pa.bool_()))


@pytest.mark.parametrize("values", [[1], [True, 1], ["true"]])
def test_what_is_no_boolean_is_refused(values: list[Any]) -> None:
    with pytest.raises((pa.ArrowException, TypeError)):
        booleans(values)


def test_flags_are_bits_from_the_lowest_on_and_those_not_set_are_counted() -> None:
    buffer, missing = validity_of([True, False, True, True, False, False, False, False, True])

    assert (buffer.to_pybytes(), missing) == (bytes([0b1101, 0b1]), 5)
    assert flags(np.array([True, False, True])).to_pylist() == [True, False, True]
