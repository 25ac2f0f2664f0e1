"""Every safeguard of a load, how to take it out, and the named test that must fail without it.

Loaded as a pytest plugin (`-p safeguards`) this runs each named test with its safeguard taken out, or left in when the
variable `MERCURIOS_SAFEGUARDS` says `kept`, and writes the outcome to the file that
`MERCURIOS_SAFEGUARDS_REPORT` names.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from safeguard_patches import (
    Patch,
    built_together,
    following_redirects,
    instead,
    manifest_first,
    passing_the_clock,
    stopping_at_short_pages,
    torn_publication,
    unguarded_dbt,
    up_to,
    with_sql,
)

from mercurios.alerts import messages
from mercurios.alerts.redaction import redact, shorten
from mercurios.forecasting.panel import outliers, reader, rows
from mercurios.forecasting.panel.source import Source
from mercurios.inputs import names, regular_file, yaml_file
from mercurios.jobs import changes, forecast
from mercurios.landing.store import LandingStore
from mercurios.quality import gate
from mercurios.sources.collect.collector import Collector
from mercurios.sources.prohandel import reading
from mercurios.sources.prohandel.http import bodies, deadlines, session, tokens, transport
from mercurios.sources.prohandel.paging import boundary_checks, list_reader, page
from mercurios.sources.prohandel.paging.scans import Verdict
from mercurios.sources.prohandel.settings import ProHandelSettings
from mercurios.sources.rows import cells, decode, exact_rows, landed_table
from mercurios.tenants import files, model
from mercurios.warehouse import deletes, load, run_plan, sql
from mercurios.warehouse.duckdb import engine as duckdb
from mercurios.warehouse.duckdb import removal
from mercurios.warehouse.snowflake.account import settings
from mercurios.warehouse.snowflake.engine import SnowflakeEngine

CASES = "tests/promises/cases"
LOADER = "tests/mercurios/warehouse"
PRIVACY = "tests/promises/test_isolation_and_privacy.py"
CHANGES = "tests/mercurios/jobs/test_changes.py"
EXTRACTION = "tests/mercurios/sources/prohandel"


@dataclass(frozen=True)
class Safeguard:
    """One safeguard.

    Attributes:
        name: what it is.
        remove: takes it out.
        test: node id of the test that must fail then.
        symptom: part of the reason for which it must fail.
    """

    name: str
    remove: Patch
    test: str
    symptom: str


SAFEGUARDS = (
    Safeguard(
        "what a publication was made from is compared before a run is skipped",
        instead(changes, "changed_members", lambda *_: []),
        f"{CHANGES}::test_whatever_a_build_reads_changed_alone_has_the_run_go_on[another business day]",
        "assert 'nothing has changed",
    ),
    Safeguard(
        "after a failed gate no run is skipped",
        instead(changes, "has_readers", lambda *_: True),
        f"{CHANGES}::test_a_failed_gate_has_the_next_run_go_on",
        "assert 'nothing has changed",
    ),
    Safeguard(
        "the fence of a run that was started again",
        instead(load, "_check_fence", lambda *_: None),
        f"{CASES}/test_loading.py::test_the_stale_start_of_a_run_may_not_load_beside_the_new_one",
        "DID NOT RAISE",
    ),
    Safeguard(
        "the manifest is written last",
        manifest_first,
        f"{EXTRACTION}/test_extract.py::test_an_outage_in_the_middle_leaves_no_manifest_and_no_open_file",
        "manifest.json",
    ),
    Safeguard(
        "the overlap of incremental reads",
        instead(ProHandelSettings, "overlap", timedelta(0)),
        f"{CASES}/test_watermarks.py"
        "::test_a_row_committed_late_with_an_early_cursor_is_caught_by_the_overlap",
        "assert 'late' in",
    ),
    Safeguard(
        "only the API's own word ends a list",
        stopping_at_short_pages,
        f"{CASES}/test_paging.py::test_a_page_shorter_than_asked_for_in_the_middle_does_not_end_the_list",
        "assert 20 > ",
    ),
    Safeguard(
        "the transaction of a load",
        instead(duckdb.DuckDBEngine, "transaction", lambda _: nullcontext()),
        f"{CASES}/test_loading.py::test_a_loader_that_dies_at_any_statement_leaves_nothing_of_its_load",
        "left something",
    ),
    Safeguard(
        "the boundaries between pages are checked",
        instead(boundary_checks, "may_hide_rows", lambda *_: False),
        f"{EXTRACTION}/test_extract_moving_list.py::test_a_row_that_shifts_in_a_list_of_changes_is_not_lost",
        "assert shifted[0] in",
    ),
    Safeguard(
        "a page that repeats the one before is asked for again",
        instead(list_reader, "repeats", lambda *_: False),
        f"{CASES}/test_paging.py::test_a_last_page_that_repeats_the_one_before_it_is_requested_again",
        "assert [1, 2, ",
    ),
    Safeguard(
        "the end of a list whose last page shows rows again is checked",
        instead(boundary_checks, "may_end_too_early", lambda *_: False),
        f"{CASES}/test_paging.py::test_a_last_page_that_repeats_all_but_one_row_does_not_end_the_list",
        "== set()",
    ),
    Safeguard(
        "what changed when a read began is not judged by it",
        instead(deletes, "CLOCKS_APART", timedelta(0)),
        f"{LOADER}/test_deletes.py"
        "::test_a_web_server_clock_ahead_deletes_no_row_that_appeared_behind_a_reader[90]",
        "assert 1 == 0",
    ),
    Safeguard(
        "a read that a newer complete one has overtaken deletes nothing",
        instead(deletes.CompleteRead, "overtakes", lambda *_: False),
        f"{LOADER}/test_deletes.py::test_what_a_newer_complete_read_has_shown_an_older_one_does_not_delete",
        "assert 1 == 0",
    ),
    Safeguard(
        "a second scan before a row is taken for deleted",
        instead(Collector, "misses_known_rows", lambda _: False),
        f"{CASES}/test_paging.py::test_a_row_that_one_response_leaves_out_is_not_taken_for_deleted",
        "assert 1 == 0",
    ),
    Safeguard(
        "the volume guard of deletions",
        instead(deletes, "too_many_to_delete", lambda *_: False),
        f"{CASES}/test_deletes_and_history.py"
        "::test_a_list_that_ends_far_too_early_deletes_nothing_and_counts_what_it_missed",
        ", 0) == (0, ",
    ),
    Safeguard(
        "the tenant guard",
        instead(load, "_guard_tenant", lambda *_: None),
        f"{LOADER}/test_load.py::test_rows_of_another_tenant_are_refused_and_nothing_is_loaded",
        # The last look at the rows stops them too.
        "rows were staged, but RAW holds the keys of only",
    ),
    Safeguard(
        "a tenant is read from one source",
        instead(load, "_check_source", lambda *_: None),
        f"{CASES}/test_tenancy.py::test_the_api_of_another_retailer_is_noticed_and_nothing_of_it_is_loaded",
        "DID NOT RAISE",
    ),
    Safeguard(
        "the ledger knows what was loaded before",
        instead(load, "_ledger_of", lambda *_: []),
        f"{CASES}/test_loading.py::test_a_manifest_replayed_years_later_is_decided_by_our_own_ledger",
        "a key is there already",
    ),
    Safeguard(
        "the checksum of every part",
        instead(LandingStore, "verify", lambda *_: None),
        f"{CASES}/test_landing.py"
        "::test_a_part_that_is_not_the_one_its_manifest_lists_fails_the_load_by_name[another valid part]",
        "DID NOT RAISE",
    ),
    Safeguard(
        "the newest version of a row wins",
        with_sql("candidates", lambda sql: sql.replace("as _is_loaded\nfrom", "or true as _is_loaded\nfrom")),
        f"{CASES}/test_landing.py"
        "::test_a_retry_that_reads_other_rows_is_another_attempt_and_the_newest_rows_win[order1]",
        "(RAW, source)",
    ),
    Safeguard(
        "the watermark only grows",
        with_sql("watermark_advance", up_to("where excluded.cursor_value")),
        f"{CASES}/test_watermarks.py::test_a_past_run_that_is_cleared_beside_the_current_one_takes_nothing_back",
        "watermark",
    ),
    Safeguard(
        "a list that never stood still moves no watermark",
        instead(reading, "judge", lambda _: Verdict.COMPLETE),
        f"{CASES}/test_watermarks.py::test_a_list_of_changes_that_is_never_stable_leaves_the_watermark",
        "watermark",
    ),
    Safeguard(
        "the watermark never passes the source's clock",
        passing_the_clock,
        f"{EXTRACTION}/test_extract.py::test_the_cursor_never_passes_the_sources_own_clock",
        "2031",
    ),
    Safeguard(
        "a source's clock may be doubted",
        instead(reading, "plausible_clock", lambda shown, _: shown or datetime.now(UTC)),
        f"{CASES}/test_clocks.py"
        "::test_a_wrong_clock_in_all_answers_of_a_run_moves_nothing_and_is_reported_once[2099]",
        "date(2099, 1, 1)",
    ),
    Safeguard(
        "what a newer complete read had missed stays deleted",
        with_sql("complete_read_newest", lambda sql: sql.replace("limit 1", "limit 0"), deletes),
        f"{LOADER}/test_deletes.py::test_what_a_newer_complete_read_had_missed_an_older_read_does_not_bring_to_life[order]",
        "not at the source",
    ),
    Safeguard(
        "every staged row must have arrived in RAW",
        instead(load, "_check_arrived", lambda *_: None),
        f"{CASES}/test_loading.py::test_rows_that_are_lost_in_the_merge_stop_the_load",
        "DID NOT RAISE",
    ),
    Safeguard(
        "a token goes only to hosts that a person has allowed",
        instead(session, "check_api", lambda *_: None),
        f"{CASES}/test_hostile_source.py::test_a_token_goes_to_no_host_that_no_one_allowed"
        "[https://shop.prohandel.de.thief.invalid]",
        "ProxyError",
    ),
    Safeguard(
        "an API that moves while it is read is another API",
        instead(tokens.Tokens, "_renewed", lambda self, ended, _: self._request(ended)),
        f"{CASES}/test_hostile_source.py::test_an_api_that_moves_while_it_is_read_fails_the_read",
        "DID NOT RAISE",
    ),
    Safeguard(
        "a response has a bound after it is unpacked",
        instead(bodies, "_unzipped", lambda pieces, _: iter([gzip.decompress(b"".join(pieces))])),
        f"{CASES}/test_hostile_source.py::test_what_exceeds_a_bound_fails_its_resource_and_the_next_run_reads_it"
        "[a bomb]",
        "Regex pattern did not match",
    ),
    Safeguard(
        "a page has no more rows than were asked for",
        instead(page, "_refuse_more_rows", lambda *_: None),
        f"{CASES}/test_hostile_source.py::test_what_exceeds_a_bound_fails_its_resource_and_the_next_run_reads_it"
        "[more rows than asked for]",
        "DID NOT RAISE",
    ),
    Safeguard(
        "the headers of a response have a bound",
        instead(transport, "_MOST_HEADERS", 10**9),
        f"{CASES}/test_hostile_source.py::test_what_exceeds_a_bound_fails_its_resource_and_the_next_run_reads_it"
        "[headers without an end]",
        "Regex pattern did not match",
    ),
    Safeguard(
        "all bytes of a response have a bound, also those beside its body",
        instead(deadlines, "_FRAME", 10**12),
        f"{EXTRACTION}/http/test_transport.py::test_what_comes_beside_a_body_has_a_bound_too[trailers]",
        "took too long",
    ),
    Safeguard(
        "no redirect is followed",
        following_redirects,
        f"{EXTRACTION}/http/test_transport.py::test_no_redirect_is_followed_whoever_is_the_target[127.0.0.1]",
        " == 302",
    ),
    Safeguard(
        "a name that could carry SQL is in no statement",
        instead(sql.identifier, "__code__", (lambda name: name).__code__),
        f"{LOADER}/test_sql.py::test_a_statement_takes_no_name_that_could_carry_sql[duckdb]",
        "DID NOT RAISE",
    ),
    Safeguard(
        "an alert is masked before it is cut",
        instead(messages, "redact", lambda text: redact(shorten(text, 400))),
        "tests/mercurios/alerts/test_messages.py::test_a_secret_that_straddles_the_cut_is_not_shown",
        "SECRET[:4] in text",
    ),
    Safeguard(
        "what lies before a retailer's life is set aside",
        instead(run_plan, "beginnings", lambda *_: {}),
        f"{CASES}/test_plausible_values.py"
        "::test_a_receipt_from_before_a_retailers_life_leaves_by_itself[2001-01-04]",
        "assert ",
    ),
    Safeguard(
        "a panel leaves out what lies years from all others",
        instead(reader, "within_life", lambda table, days: (table, days, [])),
        "tests/mercurios/forecasting/panel/test_saved_files.py"
        "::test_a_row_a_year_and_more_from_all_others_moves_nothing_of_them[0-2001-01-01]",
        "assert ",
    ),
    Safeguard(
        "dbt sees no value of a row",
        unguarded_dbt,
        "tests/dbt/test_messages.py::test_a_value_is_in_nothing_that_dbt_says_of_snowflake[conversion]",
        "a value does not fit",
    ),
    Safeguard(
        "a setting that names nothing is reported",
        instead(gate, "setting_outcomes", lambda *_: []),
        "tests/mercurios/quality/test_settings.py::test_a_setting_that_names_nothing_is_reported_once",
        "assert ",
    ),
    Safeguard(
        "a response has a time limit as a whole",
        instead(deadlines._LimitedReader, "_is_late", lambda _: False),
        f"{CASES}/test_hostile_source.py"
        "::test_a_body_that_trickles_is_given_up_although_each_byte_comes_in_time",
        "Regex pattern did not match",
    ),
    Safeguard(
        "a list has a bound of pages",
        instead(list_reader.ListReader, "_refuse_endless", lambda *_: None),
        f"{CASES}/test_hostile_source.py::test_what_exceeds_a_bound_fails_its_resource_and_the_next_run_reads_it"
        "[a list without an end]",
        "Regex pattern did not match",
    ),
    Safeguard(
        "what no retailer can mean is set aside",
        instead(exact_rows, "check_value", lambda *_: None),
        f"{CASES}/test_plausible_values.py::test_one_row_moves_nothing_of_another[a receipt of 1970]",
        "assert ",
    ),
    Safeguard(
        "moments of the warehouse never go back",
        instead(run_plan, "next_moment", lambda *_: datetime.now(UTC)),
        f"{CASES}/test_clocks.py"
        "::test_a_worker_more_than_a_year_off_hides_no_delete_and_no_change[ahead-extracts]",
        "assert 0 == 4",
    ),
    Safeguard(
        "hashes of contents with persons are keyed",
        instead(landed_table, "keyed_digests", lambda digests, _: (digests, "")),
        "tests/mercurios/sources/rows/test_typed_rows.py"
        "::test_who_knows_a_row_but_not_the_key_finds_no_person_by_its_hash",
        "assert",
    ),
    Safeguard(
        "what was hashed with another key is not loaded",
        instead(load, "check_key", lambda *_: None),
        f"{LOADER}/test_hash_key.py::test_rows_that_were_hashed_with_another_key_are_not_loaded",
        "DID NOT RAISE",
    ),
    Safeguard(
        "a manifest lists files of its own folder alone",
        instead(LandingStore, "misplaced", lambda *_: None),
        f"{PRIVACY}::test_a_manifest_that_leads_out_of_its_own_folder_is_not_loaded[a link]",
        "DID NOT RAISE",
    ),
    Safeguard(
        "a run loads its own manifests alone",
        instead(load, "_check_ids", lambda *_: None),
        f"{PRIVACY}::test_a_run_loads_no_manifest_of_another_run_or_tenant[run1]",
        "DID NOT RAISE",
    ),
    Safeguard(
        "a warehouse file belongs to one tenant",
        instead(duckdb.DuckDBEngine, "claim", lambda *_: None),
        f"{PRIVACY}::test_a_warehouse_file_belongs_to_the_tenant_whose_run_was_first_in_it",
        "DID NOT RAISE",
    ),
    Safeguard(
        "an engine's message shows no value",
        instead(duckdb, "without_values", lambda message, _: message),
        f"{LOADER}/duckdb/test_engine.py"
        "::test_a_value_that_does_not_fit_is_in_no_message[insert into person values (?)-Erika Muster]",
        "Erika",
    ),
    Safeguard(
        "a refusal names the kind of a value and never the value",
        instead(cells, "type_name", repr),
        "tests/mercurios/sources/rows/test_cells.py"
        "::test_a_refusal_names_the_kind_of_a_value_and_never_the_value",
        "Erika",
    ),
    Safeguard(
        "the readers' file is replaced in one step",
        torn_publication,
        f"{LOADER}/duckdb/test_publish.py::test_a_reader_never_sees_a_torn_file",
        "returncode == 0",
    ),
    Safeguard(
        "settings are read from regular files alone",
        instead(regular_file, "_check", lambda _: None),
        "tests/mercurios/inputs/test_yaml_file.py::test_only_a_regular_file_is_opened",
        "is no regular file",
    ),
    Safeguard(
        "settings are read up to a bound",
        instead(yaml_file, "MOST_BYTES", 100_000),
        "tests/mercurios/inputs/test_yaml_file.py::test_a_file_is_read_up_to_64_kib",
        "DID NOT RAISE",
    ),
    Safeguard(
        "settings are nested up to a bound",
        instead(yaml_file, "MOST_LEVELS", 10_000),
        "tests/mercurios/inputs/test_yaml_file.py::test_what_is_nested_beyond_any_use_is_refused",
        "levels",
    ),
    Safeguard(
        "names are of one line",
        instead(names._on_one_line, "__code__", (lambda text: text).__code__),
        "tests/mercurios/tenants/test_model.py::test_a_name_is_one_line_without_control_characters[name]",
        "assert",
    ),
    Safeguard(
        "a schedule that never comes is refused",
        instead(model._known_schedule, "__code__", (lambda schedule: schedule).__code__),
        "tests/mercurios/tenants/test_model.py::test_a_schedule_that_never_comes_is_refused[0 0 30 2 *]",
        "assert",
    ),
    Safeguard(
        "what reading a tenant file raises is that file's error",
        instead(files, "_read", lambda path: files._tenant(path, files.read_yaml(path))),
        "tests/mercurios/tenants/test_files.py::test_what_reading_a_file_raises_is_that_files_error",
        "was not foreseen",
    ),
    Safeguard(
        "a plan of which no row fits is refused",
        instead(Source, "matched", lambda source, table, what: source.series_of(table)),
        "tests/mercurios/forecasting/panel/test_saved_files.py::"
        "test_a_plan_of_which_no_row_fits_is_refused_with_both_spellings",
        "DID NOT RAISE",
    ),
    Safeguard(
        "monthly sales are not taken for daily ones",
        instead(rows, "_reject_months", lambda *_: None),
        "tests/mercurios/forecasting/panel/test_saved_files.py::test_monthly_sales_are_refused_as_such[False-date]",
        "DID NOT RAISE",
    ),
    Safeguard(
        "a one-off order is known by the weeks around it",
        instead(outliers, "_AROUND", 100.0),
        "tests/mercurios/forecasting/methods/test_smoothing.py"
        "::test_a_peak_of_another_quarter_hides_no_one_off_order",
        "3 * 16.0",
    ),
    Safeguard(
        "two tenants on one DuckDB file are refused",
        instead(files, "shared_places", lambda _: {}),
        "tests/mercurios/tenants/test_sharing.py::test_a_duckdb_file_stays_with_the_tenant_it_is_named_after",
        "assert",
    ),
    Safeguard(
        "a file with rows of another tenant is not removed with one that leaves",
        instead(removal, "rows_of_others", lambda *_: 0),
        "tests/mercurios/cli/test_offboard.py::test_of_a_file_that_two_tenants_have_shared_only_rows_go",
        "duckdb",
    ),
    Safeguard(
        "a shard of a forecast lies in its folder, with rows of its tenant",
        instead(forecast, "_check_parts", lambda *_: None),
        "tests/mercurios/jobs/test_forecast.py::test_a_forecast_with_rows_of_another_tenant_is_refused",
        "DID NOT RAISE",
    ),
    Safeguard(
        "a service does not sign in from the whole internet in pieces",
        instead(settings._few_addresses, "__code__", (lambda networks: networks).__code__),
        "tests/mercurios/warehouse/snowflake/account/test_settings.py"
        "::test_the_internet_in_pieces_is_refused[loader-pieces0]",
        "DID NOT RAISE",
    ),
    Safeguard(
        "files are copied through the stage of their tenant alone",
        instead(SnowflakeEngine, "_in_stage", lambda _, urls: ("landing.any", list(urls))),
        "tests/mercurios/warehouse/snowflake/test_engine.py::test_files_of_another_tenant_come_with_no_stage",
        "DID NOT RAISE",
    ),
    Safeguard(
        "one list's clock is not the run's",
        with_sql(
            "run_source_clocks", lambda text: text.replace("by source_now", "by source_now desc limit 1")
        ),
        f"{CASES}/test_hostile_source.py"
        "::test_a_wrong_date_header_of_one_list_makes_no_other_day_the_business_day[Thu, 01 Jan 2099 00:00:00 GMT]",
        "assert ",
    ),
    Safeguard(
        "a large body nested too deeply is not looked through",
        instead(decode, "_MOST_TOKENS", 10**12),
        "tests/mercurios/sources/rows/test_decode.py"
        "::test_a_large_body_nested_too_deeply_is_refused_at_once[lists]",
        "DID NOT RAISE",
    ),
    Safeguard(
        "the DAG of each tenant is built apart",
        built_together,
        "tests/plugins/mercurios_airflow/test_tenancy.py::"
        "test_a_tenant_whose_dag_cannot_be_built_takes_no_other_along[pipeline]",
        "bag.import_errors == {}",
    ),
)
_OUTCOMES: dict[str, tuple[str, str]] = {}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Take the safeguard out around the body of its test."""
    [safeguard] = [each for each in SAFEGUARDS if each.test == item.nodeid]
    with pytest.MonkeyPatch.context() as patch:
        if os.environ["MERCURIOS_SAFEGUARDS"] == "removed":
            safeguard.remove(patch)
        return (yield)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note the outcome of a test: how its body ended, or whatever went wrong around it."""
    if report.when == "call" or report.failed:
        _OUTCOMES[report.nodeid] = (f"{report.when} {report.outcome}", report.longreprtext)


def pytest_sessionfinish() -> None:
    """Write the report."""
    Path(os.environ["MERCURIOS_SAFEGUARDS_REPORT"]).write_text(json.dumps(_OUTCOMES))
