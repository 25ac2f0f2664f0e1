"""Alert texts: complete, redacted, and within what Slack accepts."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from mercurios.alerts.findings import Finding
from mercurios.alerts.kinds import FINDINGS, NOTHING_LOST, finding_kind
from mercurios.alerts.messages import (
    Event,
    failure_message,
    findings_message,
    headline,
    recovery_message,
    request_of,
    resource_of,
)
from mercurios.alerts.redaction import redact
from mercurios.sources.prohandel.http.errors import (
    RequestContext,
    TerminalProHandelError,
    TransientProHandelError,
)
from mercurios.tenants.run import Run

EVENT = Event(
    run=Run("mini", "pipeline_mini", "scheduled__2024-03-04T05:00:00+00:00"),
    tenant_name="Mini & Söhne",
    owner="data-platform",
    task_id="load",
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
        EVENT.run.run_id,
        "data-platform",
        "ValueError: column 'quantity' is missing",
        NOTHING_LOST,
        EVENT.log_url,
        "docs/runbooks/task-failed.md",
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


SECRET = "abcdefghijklmnopqrstuvwxyz"
ADDRESS = f"postgresql://loader:{SECRET}@db/x"


def mask_secret(text: str) -> str:
    """Mask the secret as the process that knows it does."""
    return text.replace(SECRET, "***")


def test_a_secret_that_straddles_the_cut_is_not_shown() -> None:
    """Masking comes before the cut: a secret cut in half no longer looks like one."""
    shown = []
    for before in range(250, 400):
        by_pattern, by_value = "x" * before + ADDRESS, "x" * before + SECRET
        finding = Finding(finding_kind("anomaly"), "t", by_pattern, "nothing")
        known = Finding(finding_kind("anomaly"), "t", by_value, "nothing")
        shown += [
            headline(by_pattern),
            failure_message(EVENT, by_value, mask=mask_secret).text,
            findings_message(EVENT, [finding]).text,
            findings_message(EVENT, [known], mask=mask_secret).text,
            Finding.from_dict(finding.to_dict()).seen,
        ]

    assert [text for text in shown if SECRET[:4] in text] == []


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
    long = replace(EVENT, tenant_name="n" * 300, run=replace(EVENT.run, run_id="<" * 4000))
    findings = [Finding(kind, "t" * 100, "<" * 4000, "l" * 4000) for kind in FINDINGS for _ in range(50)]

    blocks = failure_message(long, RuntimeError("<" * 10_000), findings).blocks

    assert len(blocks[0]["text"]["text"]) <= 150
    assert all(len(block["text"]["text"]) <= 3000 for block in blocks if "text" in block)
    assert all(len(field["text"]) <= 2000 for field in blocks[1]["fields"])


@pytest.mark.parametrize("error", [None, "", "\n \n", ValueError()])
def test_an_error_without_words_still_gives_a_headline(error: BaseException | str | None) -> None:
    assert headline(error).strip()


CONTEXT = RequestContext("sale/changed/2026-03-04T05:00:00.000Z", 7, 1000, "c-4711")


def test_a_failed_request_is_named_with_path_page_size_and_correlation_id() -> None:
    error = TransientProHandelError("the API answers with status 503", CONTEXT, status=503)
    error.add_note("tenant mini, run scheduled__2024-03-04T05:00:00+00:00, resource sale")

    fields = [field["text"] for field in failure_message(EVENT, error).blocks[1]["fields"]]

    assert fields[5:] == [
        "*Resource*\nsale",
        "*Request*\npath sale/changed/2026-03-04T05:00:00.000Z, page 7, page size 1000, correlation id c-4711",
    ]


def test_a_request_is_found_behind_the_error_raised_from_it() -> None:
    wrapped = RuntimeError("tenant mini, run r, resource sale: the API answers with status 404")
    wrapped.__cause__ = TerminalProHandelError("the API answers with status 404", CONTEXT, status=404)

    assert (resource_of(wrapped), request_of(wrapped)) == ("sale", str(request_of(wrapped.__cause__)))


@pytest.mark.parametrize(
    ("error", "resource"),
    [
        (RuntimeError("gate raw failed: raw.sale: duplicates = 1"), "raw.sale"),
        (RuntimeError("analytics.fct_sales: missing columns"), "analytics.fct_sales"),
        (RuntimeError("disk full"), None),
        ("killed", None),
        (None, None),
    ],
)
def test_a_failure_without_a_request_names_the_table_it_knows(
    error: BaseException | str | None, resource: str | None
) -> None:
    assert (resource_of(error), request_of(error)) == (resource, None)


def test_a_note_with_the_manifest_names_its_resource() -> None:
    error = ValueError("broken")
    error.add_note(
        "tenant mini, run r, manifest file:///landing/tenant=mini/resource=sale/run=r/manifest.json"
    )

    assert resource_of(error) == "sale"


DRIFT = Finding(
    finding_kind("drift"), "article", "field colour appeared (up to 12 rows)", "nothing: kept in _extra"
)
ANOMALY = Finding(
    finding_kind("anomaly"), "raw.sale", "freshness_hours = 31 (at most 24)", "nothing: it only warns"
)


def test_findings_are_one_message_with_tenant_run_resources_loss_and_pages() -> None:
    message = findings_message(EVENT, [DRIFT, ANOMALY])

    shown = json.dumps(message.blocks, ensure_ascii=False)
    for expected in (
        "Mini &amp; Söhne (mini)",
        EVENT.run.run_id,
        "article, raw.sale",
        DRIFT.seen,
        DRIFT.lost,
        "docs/runbooks/drift.md",
        ANOMALY.seen,
        ANOMALY.lost,
        "docs/runbooks/anomaly.md",
        EVENT.log_url,
    ):
        assert expected in shown
    assert message.text == (
        "Mini &amp; Söhne: pipeline_mini found drift, anomaly in load[3]: article: field colour appeared "
        "(up to 12 rows) (and 1 more)"
    )


def test_a_flood_of_findings_is_cut_and_counted() -> None:
    flood = [Finding(finding_kind("anomaly"), f"raw.t{number}", "odd", "nothing") for number in range(40)]

    [section] = [block for block in findings_message(EVENT, flood).blocks if "Found" in json.dumps(block)]

    assert section["text"]["text"].count("- raw.t") == 6
    assert "- and 34 more" in section["text"]["text"]
    assert "docs/runbooks/anomaly.md" in section["text"]["text"]


def test_the_failure_names_what_the_task_found_before() -> None:
    blocks = failure_message(EVENT, ValueError("broken"), [DRIFT]).blocks

    assert DRIFT.seen in json.dumps(blocks)
    assert "docs/runbooks/drift.md" in json.dumps(blocks)


def test_a_secret_in_a_finding_is_not_repeated() -> None:
    leaking = Finding(finding_kind("anomaly"), "raw.sale", "password=synthetic-pw and row 4711", "nothing")

    message = findings_message(EVENT, [leaking], mask=lambda text: text.replace("4711", "***"))

    shown = message.text + json.dumps(message.blocks)
    assert "synthetic-pw" not in shown
    assert "4711" not in shown


def test_a_finding_reaches_another_process_with_a_bounded_text() -> None:
    long = Finding(finding_kind("quarantine"), "sale", "r" * 1000, "nothing")

    assert Finding.from_dict(json.loads(json.dumps(DRIFT.to_dict()))) == DRIFT
    assert len(Finding.from_dict(long.to_dict()).seen) == 300
