"""Bodies: one value that nothing can hold costs its row, not the page."""

from __future__ import annotations

import json
import time
import tracemalloc
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mercurios.sources.rows.decode import NestedTooDeepError, decode, decode_exact, holds_too_many_values
from mercurios.sources.rows.nesting import is_cut, shallow

_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc\u00e9", max_size=3), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(value=_json)
@settings(max_examples=200, deadline=None)
def test_what_the_strict_decoder_reads_both_read_alike(value: Any) -> None:
    body = json.dumps(value).encode()

    exact = decode_exact(body)

    assert decode(body) == orjson.loads(body)
    assert orjson.loads(orjson.dumps(exact, default=float)) == orjson.loads(body)


@pytest.mark.parametrize(
    ("wire", "value"),
    [
        (rb'"M\ud800ller"', {"unreadable": r"M\ud800ller"}),
        (rb'"M\udfffller"', {"unreadable": r"M\udfffller"}),
        ('"Müller"'.encode("latin-1"), {"unreadable": r"M\udcfcller"}),
        (b"1e400", {"unreadable": "1e400"}),
        (b"-1e99999999999999999999", {"unreadable": "-1e99999999999999999999"}),
        (b"9" * 5000, {"unreadable": "9" * 1000}),
        (b"NaN", {"unreadable": "NaN"}),
        (b"-Infinity", {"unreadable": "-Infinity"}),
        (b'{"a": {"b": ["\\ud800"]}}', {"a": {"b": [{"unreadable": "\\ud800"}]}}),
        (b'{"\\ud800": 1}', {"\\ud800": 1}),
    ],
)
def test_a_value_that_nothing_can_hold_is_shown_and_its_neighbours_are_read(wire: bytes, value: Any) -> None:
    body = b'[{"id": "a", "v": 1.10}, {"id": "b", "v": ' + wire + b"}]"

    read = decode(body)

    assert read == decode_exact(body) == [{"id": "a", "v": Decimal("1.10")}, {"id": "b", "v": value}]
    orjson.dumps(read, default=float)


@pytest.mark.parametrize(
    ("wire", "text"),
    [
        (rb'"\ud83d\ude00"', "\U0001f600"),
        ('"\U0001f600"'.encode(), "\U0001f600"),
        (rb'"a\u0001b\u0000c"', "a\x01b\x00c"),
        (b'"a\x01b\nc"', "a\x01b\nc"),
        (rb'"line\nbreak \"quoted\" back\\slash"', 'line\nbreak "quoted" back\\slash'),
        (b'"' + b"x" * 1_000_000 + b'"', "x" * 1_000_000),
    ],
)
def test_odd_text_is_kept_as_it_came(wire: bytes, text: str) -> None:
    body = b"[" + wire + b"]"

    assert decode(body) == decode_exact(body) == [text]


def test_a_number_too_small_for_anything_is_zero_in_both() -> None:
    assert decode(b"[1e-99999999999999999999]") == decode_exact(b"[1e-99999999999999999999]") == [0]


def test_a_byte_order_mark_is_no_damage() -> None:
    assert decode(b'\xef\xbb\xbf[{"id": "a"}]') == [{"id": "a"}]


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1,", b'{"a": }', b"[" * 100_000, b"\xff\xfe"])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decode(body)


@pytest.mark.parametrize("digits", [399, 400, 401])
def test_a_number_of_more_than_four_hundred_characters_is_shown_and_not_read(digits: int) -> None:
    whole, fraction = "1" * digits, "1" * 20 + "." + "1" * (digits - 21)

    found = decode_exact(f"[{whole}, {fraction}]")

    if digits > 400:
        assert found == [{"unreadable": whole}, {"unreadable": fraction}]
    else:
        assert found == [Decimal(whole), Decimal(fraction)]


@pytest.mark.parametrize(
    "number", ["7." + "0" * 500 + "1", "0." + "9" * 500, "1e-400", "1" * 15 + "." + "3" * 99]
)
def test_digits_that_no_double_tells_apart_are_those_of_the_double(number: str) -> None:
    [exact] = decode_exact(f"[{number}]")

    assert exact == Decimal(repr(json.loads(number)))


def test_a_text_without_an_end_costs_a_little_of_memory() -> None:
    """It takes the decoder that cuts off what is deep to the end of the body, which must not remember the way."""
    body = b"[" * 5_000 + b'"' + b"\\" * 4_000_000
    tracemalloc.start()

    with pytest.raises(ValueError):  # noqa: PT011 - a decoder's own words
        decode(body)

    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 20 * len(body)


@pytest.mark.parametrize("levels", [300, 900, 5_000, 100_000])
def test_what_is_nested_too_deeply_is_cut_off_and_its_neighbours_are_read(levels: int) -> None:
    deep = '{"a]":[' * levels + "1" + "]}" * levels
    body = f'[{{"id":"a","text":"[[{{\\"","x":{deep}}},{{"id":"b","x":[1]}}]'.encode()

    first, second = decode(body)

    assert (first["id"], first["text"], second) == ("a", '[[{"', {"id": "b", "x": [1]})
    assert is_cut(shallow(first["x"]))
    assert not is_cut(shallow(second["x"]))


def test_a_text_that_never_ends_is_no_json_however_deep() -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - a decoder's own words
        decode(b"[" * 100_000)


SHAPES = {
    "lists": b"[" * 4_000_000 + b"]" * 4_000_000,
    "lists without an end": b"[" * 8_000_000,
    "objects": b'{"a":' * 1_000_000 + b"1" + b"}" * 1_000_000,
    "lists of two": b"[1," * 2_000_000 + b"1" + b"]" * 2_000_000,
    "a deep list among many": b"[" + b"[" * 1_200 + b"]" * 1_200 + b",[]" * 2_000_000 + b"]",
    "a deep list among many texts": b"[" + b"[" * 1_200 + b"]" * 1_200 + b',""' * 2_000_000 + b"]",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_large_body_nested_too_deeply_is_refused_at_once(shape: str) -> None:
    """To look at each bracket took seconds, for a response of some kilobytes, packed, in each try."""
    before = time.process_time()

    with pytest.raises(NestedTooDeepError):
        decode(SHAPES[shape])

    assert time.process_time() - before < 0.5


def test_a_large_body_of_nothing_but_lists_holds_too_many_values() -> None:
    assert holds_too_many_values(b"[" + b"[]," * 3_000_000 + b"1]")
    assert not holds_too_many_values(b'["' + b"x" * 9_000_000 + b'"]')
    assert not holds_too_many_values(b"[" + b"[]," * 2_000_000 + b"1]")
