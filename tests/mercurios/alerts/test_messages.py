"""Alert texts: complete, redacted, and within what Slack accepts."""

from __future__ import annotations

import json

import pytest

from mercurios.alerts.messages import (
    NOTHING_LOST,
    Event,
    advice,
    failure_message,
    headline,
    recovery_message,
    redact,
)

EVENT = Event(
    tenant_id="mini",
    tenant_name="Mini & Söhne",
    owner="data-platform",
    dag_id="pipeline_mini",
    task_id="load",
    run_id="scheduled__2024-03-04T05:00:00+00:00",
    log_url="http://127.0.0.1:8080/dags/pipeline_mini/runs/r/tasks/load?try_number=2",
    try_number=2,
    map_index=3,
)


def test_a_failure_names_everything_the_reader_needs() -> None:
    message = failure_message(EVENT, ValueError("column 'quantity' is missing\nmore detail"))

    shown = json.dumps(message.blocks, ensure_ascii=False)
    for expected in (
        "Mini &amp; Söhne (mini)",
        "pipeline_mini",
        "load[3], try 2",
        EVENT.run_id,
        "data-platform",
        "ValueError: column 'quantity' is missing",
        NOTHING_LOST,
        EVENT.log_url,
        EVENT.runbook,
        "clear the failed task",
    ):
        assert expected in shown
    assert "more detail" not in shown
    assert "ValueError: column 'quantity' is missing" in message.text


def test_a_recovery_names_the_run_that_had_failed() -> None:
    message = recovery_message(EVENT, "scheduled__2024-03-04T04:00:00+00:00")

    assert "works again" in message.text
    assert "scheduled__2024-03-04T04:00:00+00:00" in json.dumps(message.blocks)


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("401 for Authorization: Bearer abc.def-ghi_jkl", "abc.def-ghi_jkl"),
        ("cannot reach postgresql://loader:synthetic-pw@db/x", "synthetic-pw"),
        ("cannot reach postgresql://:synthetic-pw@db/x", "synthetic-pw"),
        ('answer {"apiKey": "k-12345", "secret": "s-98765"}', "k-12345"),
        ('answer {"apiKey": "k-12345", "secret": "s-98765"}', "s-98765"),
        ("connect(user=x, password=open sesame)", "open"),
        ("api_secret=topvalue&x=1", "topvalue"),
        ("SNOWFLAKE_PASSWORD: 'a b c'", "a b c"),
        ("POST https://hooks.slack.com/services/T1/B2/xyz failed", "T1/B2/xyz"),
        ("token eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl expired", "c2lnbmF0dXJl"),
        ("hash_key=0123abcd", "0123abcd"),
    ],
)
def test_a_secret_in_an_error_is_not_repeated(text: str, secret: str) -> None:
    message = failure_message(EVENT, RuntimeError(text))

    assert secret in text
    assert secret not in message.text + json.dumps(message.blocks)


def test_a_secret_at_the_cut_of_a_long_line_is_not_repeated() -> None:
    text = "x" * 385 + " password=abcdefghijklmnop"

    assert "abcd" not in headline(RuntimeError(text))


def test_values_only_the_process_knows_are_masked_by_its_own_filter() -> None:
    message = failure_message(EVENT, "row 4711 broke", mask=lambda text: text.replace("4711", "***"))

    assert "4711" not in message.text + json.dumps(message.blocks)


@pytest.mark.parametrize(
    "text", ["no row for key=7", "the total is 12: 3 lost", "sale.type in 0..3", "a token expired"]
)
def test_an_error_without_secrets_is_left_as_it_is(text: str) -> None:
    assert redact(text) == text


def test_markup_in_an_error_stays_text() -> None:
    message = failure_message(EVENT, "```<!channel> & <http://x|y>```")

    assert "<!channel>" not in message.text
    assert "&lt;!channel&gt; &amp; &lt;http://x|y&gt;" in message.blocks[2]["text"]["text"]
    assert message.blocks[2]["text"]["text"].count("```") == 2


def test_a_huge_error_stays_within_the_limits_of_slack() -> None:
    long = Event(**{**EVENT.__dict__, "tenant_name": "n" * 300, "lost": "<" * 4000})

    blocks = failure_message(long, RuntimeError("<" * 10_000)).blocks

    assert len(blocks[0]["text"]["text"]) <= 150
    assert all(len(block["text"]["text"]) <= 3000 for block in blocks if "text" in block)
    assert all(len(field["text"]) <= 2000 for field in blocks[1]["fields"])


@pytest.mark.parametrize("error", [None, "", "\n \n", ValueError()])
def test_an_error_without_words_still_gives_a_headline(error: BaseException | str | None) -> None:
    assert headline(error).strip()


def test_advice_follows_the_type_of_the_error_and_its_parents() -> None:
    class WarehouseLockedError(Exception):
        pass

    class Special(WarehouseLockedError):
        pass

    assert "holds the tenant's warehouse file" in advice(Special("x"))
    assert advice(ValueError("x")) == advice(None) != advice(Special("x"))


def test_advice_follows_the_error_an_operator_wrapped() -> None:
    class GateFailed(Exception):
        pass

    wrapped = RuntimeError("tenant mini: gate marts failed")
    wrapped.__cause__ = GateFailed("gate marts failed")

    assert "clear the check task" in advice(wrapped)
