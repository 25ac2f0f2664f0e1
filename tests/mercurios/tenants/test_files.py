"""Tenant files: a wrong one says what is wrong and breaks no other tenant."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from written_tenants import BUDGET, GOOD, GROSS, only_error, write

from mercurios.sources.settings import Mode
from mercurios.tenants import files, load_tenants, tenants_dir


def test_the_projects_own_tenant_files_are_valid() -> None:
    found = load_tenants()

    assert found.errors == ()
    assert [tenant.id for tenant in found] == sorted(tenant.id for tenant in found)
    assert {"giftware", "modehaus"} <= {tenant.id for tenant in found}


@pytest.mark.parametrize(
    ("change", "key", "expectation"),
    [
        ({"colour": "red"}, "colour", "unknown; remove it or correct its spelling"),
        ({"source__page_sise": 5}, "source.page_sise", "unknown; remove it or correct its spelling"),
        ({"owner": ...}, "owner", "missing"),
        ({"connections__warehouse": ...}, "connections.warehouse", "missing"),
        ({"name": 7}, "name", "valid string (got 7)"),
        # In YAML 1.1 an unquoted NO is false.
        ({"country": False}, "country", "valid string (got False)"),
        ({"country": "Germany"}, "country", "should match pattern '^[A-Z]{2}$' (got 'Germany')"),
        ({"country": "XX"}, "country", "is no country whose public holidays are known"),
        ({"region": "XX"}, "region", "is no region of DE whose public holidays are known"),
        *(
            ({"landing": address}, "landing", "begins with file:///, s3:// or ${VARIABLE}")
            for address in (
                "http://lake/x",
                "https://lake/x",
                "data/x",
                "/data/x",
                "memory://x",
                "FILE:///x",
                "s3:/x",
            )
        ),
        ({"time_zone": "Europe/Munich"}, "time_zone", "'Europe/Munich' is not an IANA time zone such as"),
        ({"source__time_zone": "CEST"}, "source.time_zone", "'CEST' is not an IANA time zone"),
        ({"source__page_size": 5000}, "source.page_size", "less than or equal to 1000 (got 5000)"),
        ({"source__pages_in_flight": 0}, "source.pages_in_flight", "greater than or equal to 1"),
        (
            {"source__resources": {"sales": {}}},
            "source",
            "resource 'sales' is unknown; known resources: art",
        ),
        (
            {"source__resources": {"sale": {"mode": "guess"}}},
            "source.resources.sale.mode",
            "'changed', 'scan'",
        ),
        (
            {"connections__warehouse": "postgres_x"},
            "connections.warehouse",
            "begin the connection id with 'duckdb_'",
        ),
        ({"schedules__pipeline": "61 * * * *"}, "schedules.pipeline", "expected five cron fields such as"),
        ({"schedules__pipeline": "hourly"}, "schedules.pipeline", "or one of @hourly"),
        ({"source": ...}, "source", "missing"),
        ({"source__kind": ...}, "source.kind", "missing; expected 'prohandel' or 'files'"),
        ({"source__kind": "ftp"}, "source.kind", "expected 'prohandel' or 'files' (got 'ftp')"),
        ({"source__kind": "fivetran"}, "source", "kind 'fivetran' comes in a later version"),
        ({"source__connection": ...}, "source.connection", "missing"),
        ({"ingestion": "direct"}, "ingestion", "no longer read; write 'source: {kind: prohandel,"),
        ({"extraction": {"page_size": 5}}, "extraction", "write its settings below 'source'"),
        ({"connections__prohandel": "x"}, "connections.prohandel", "write it as 'source.connection'"),
        ({"forecast__horizon_weeks": "many"}, "forecast.horizon_weeks", "valid integer"),
        ({"forecast__horizon_weeks": 0}, "forecast.horizon_weeks", "greater than or equal to 1 (got 0)"),
        ({"forecast__horizon_weeks": 53}, "forecast.horizon_weeks", "less than or equal to 52 (got 53)"),
        ({"forecast__shard_size": 99}, "forecast.shard_size", "greater than or equal to 100 (got 99)"),
        ({"forecast__weeks": 5}, "forecast.weeks", "unknown; remove it or correct its spelling"),
        ({"schedules__forecast": "@daily"}, "schedules.forecast", "unknown; remove it"),
        ({"schedules__pipeline": "* * * *"}, "schedules.pipeline", "expected five cron fields such as"),
        ({"schedules__pipeline": "0 * * * * *"}, "schedules.pipeline", "expected five cron fields such as"),
        ({"schedules__pipeline": f"{'0,' * 60}0 * * * *"}, "schedules.pipeline", "at most 100 characters"),
        ({"name": "x" * 3000}, "name", "at most 100 characters"),
        ({"owner": "x" * 101}, "owner", "at most 100 characters"),
        ({"region": "x" * 101}, "region", "at most 100 characters"),
        ({"landing": f"s3://{'x' * 1000}"}, "landing", "at most 1000 characters"),
        ({"replenishment": {"articles": {"1_000": {}}}}, "replenishment.articles.1_000", "expected a number"),
        (
            {"replenishment": {"suppliers": {"12:30": {}}}},
            "replenishment.suppliers.12:30",
            "expected a number",
        ),
        (
            {"replenishment": {"articles": {"4711": {}, "04711": {}}}},
            "replenishment.articles",
            "keys '4711' and '04711' are the same; keep one",
        ),
        ({"replenishment": {"budget": "inf"}}, "replenishment.budget", "finite number"),
        (
            {"classification": {"articles": {"A 1": "service", " A 1": "voucher"}}},
            "classification.articles",
            "keys 'A 1' and ' A 1' are the same; keep one",
        ),
        (
            {"prices": {**GROSS, "tax_rates": {1: [{"from": 20210101, "rate": 19}]}}},
            "prices.tax_rates.1.0.from",
            "expected a day such as 2026-01-31",
        ),
        ({"name": ""}, "name", "at least 1 character (got '')"),
        ({"owner": ""}, "owner", "at least 1 character (got '')"),
        ({"currency": "euro"}, "currency", "should match pattern '^[A-Z]{3}$' (got 'euro')"),
        ({"country": "x" * 200}, "country", f"(got '{'x' * 78}…)"),
        ({"prices": {}}, "prices.include_tax", "missing"),
        ({"prices": {"include_tax": True}}, "prices", "prices that include the tax need 'tax_rates'"),
        (
            {"prices": {"include_tax": False, "default_tax_number": 1}},
            "prices",
            "'default_tax_number' 1 has no rates; add it to 'tax_rates' (none is listed)",
        ),
        ({"prices": {**GROSS, "default_tax_number": 3}}, "prices", "add it to 'tax_rates' (1)"),
        ({"prices": {**GROSS, "taxes": 19}}, "prices.taxes", "unknown; remove it or correct its spelling"),
        ({"prices": {**GROSS, "cost": "list"}}, "prices.cost", "'purchase_price' or 'net_purchase_price'"),
        ({"prices": {**GROSS, "tax_rates": {1: []}}}, "prices.tax_rates.1", "at least 1 item"),
        (
            {"prices": {**GROSS, "tax_rates": {1: [{"rate": 19}]}}},
            "prices.tax_rates.1.0.from",
            "missing",
        ),
        (
            {"prices": {**GROSS, "tax_rates": {1: [{"from": "2021-01-01", "rate": 0.19}]}}},
            "prices.tax_rates.1.0.rate",
            "0.19 is less than one percent; expected percent such as 19",
        ),
        (
            {"prices": {**GROSS, "tax_rates": {1: [{"from": "2021-01-01", "rate": 100}]}}},
            "prices.tax_rates.1.0.rate",
            "less than 100",
        ),
        (
            {"prices": {**GROSS, "tax_rates": {1: 2 * [{"from": "2021-01-01", "rate": 19}]}}},
            "prices.tax_rates.1",
            "two rates from 2021-01-01; keep one",
        ),
        (
            {"prices": {**GROSS, "exchange_rates": {"CHF": [{"from": "2021-01-01", "rate": 0}]}}},
            "prices.exchange_rates.CHF.0.rate",
            "greater than 0",
        ),
        ({"limits": {}}, "limits.budgets", "missing"),
        ({"limits": {"basis": "sales", "budgets": [BUDGET]}}, "limits.basis", "'cost' or 'list_price'"),
        ({"limits": {"budgets": []}}, "limits.budgets", "at least 1 item"),
        (
            {"limits": {"budgets": 2 * [BUDGET]}},
            "limits",
            "two budgets of season 261, category 10 in 2026-03",
        ),
        ({"limits": {"budgets": [{**BUDGET, "month": "2026-13"}]}}, "limits.budgets.0.month", "should match"),
        ({"limits": {"budgets": [{**BUDGET, "amount": -1}]}}, "limits.budgets.0.amount", "or equal to 0"),
    ],
)
def test_a_wrong_key_is_named_with_file_and_expectation_and_the_other_tenants_load(
    tmp_path: Path, change: dict[str, Any], key: str, expectation: str
) -> None:
    write(tmp_path, "alpha")
    write(tmp_path, "broken", **change)
    write(tmp_path, "zeta")

    found = load_tenants(tmp_path)

    assert [tenant.id for tenant in found] == ["alpha", "zeta"]
    assert only_error(found).startswith("broken.yaml: ")
    assert f"key {key!r}: " in only_error(found)
    assert expectation in only_error(found)


def test_an_unusable_document_is_named_where_the_model_names_no_key(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text(json.dumps({**GOOD, "id": "broken", "source": "files"}))

    assert only_error(load_tenants(tmp_path)).startswith("broken.yaml: line 1, key 'source': ")


def test_without_a_configured_folder_the_projects_own_is_read(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for value in (None, ""):
        if value is None:
            monkeypatch.delenv("MERCURIOS_TENANTS_DIR", raising=False)
        else:
            monkeypatch.setenv("MERCURIOS_TENANTS_DIR", value)
        assert tenants_dir() == root / "include" / "tenants"


def test_no_tenant_is_known_in_a_folder_without_files(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match=r"known: none"):
        load_tenants(tmp_path).get("good")


def test_a_broken_file_of_another_tenant_is_not_blamed(tmp_path: Path) -> None:
    write(tmp_path, "broken", owner=...)

    with pytest.raises(KeyError, match="'good' has no usable file"):
        load_tenants(tmp_path).get("good")


def test_a_number_with_zeros_before_it_is_the_number(tmp_path: Path) -> None:
    """YAML 1.1 takes 04711 for octal, and 12:30 for 750."""
    write(tmp_path, "good")
    text = (tmp_path / "good.yaml").read_text().removesuffix("}")
    (tmp_path / "good.yaml").write_text(
        f"{text}, replenishment: {{articles: {{04711: {{pack_size: 010}}}}}}}}"
    )

    [tenant] = load_tenants(tmp_path)

    assert [(number, policy.pack_size) for number, policy in tenant.replenishment.articles.items()] == [
        (4711, 10)
    ]


def test_a_problem_names_its_line(tmp_path: Path) -> None:
    write(tmp_path, "broken", replenishment={"default": {"service_level": 2}})

    assert "line 17, key 'replenishment.default.service_level': " in only_error(load_tenants(tmp_path))


def test_only_the_first_problems_of_a_file_are_reported(tmp_path: Path) -> None:
    write(tmp_path, "broken", **{f"unknown{number}": 1 for number in range(2000)})

    message = only_error(load_tenants(tmp_path))

    assert message.endswith("; and 1,990 more")
    assert len(message) < 1500


@pytest.mark.parametrize("name", ["shop.yml", "shop.YAML", "shop.Yml"])
def test_a_file_with_another_ending_is_named_and_not_passed_over(tmp_path: Path, name: str) -> None:
    write(tmp_path, "good")
    (tmp_path / name).write_text("id: shop\n")

    found = load_tenants(tmp_path)

    assert [tenant.id for tenant in found] == ["good"]
    assert only_error(found) == f"{name}: rename it so that it ends in '.yaml'; it is not read"


def test_what_reading_a_file_raises_is_that_files_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "good")
    write(tmp_path, "odd")
    tenant = files._tenant

    def odd(path: Path, document: Any) -> Any:
        if path.stem == "odd":
            raise RuntimeError("an error that was not foreseen\x00" + "x" * 5000)
        return tenant(path, document)

    monkeypatch.setattr(files, "_tenant", odd)
    found = load_tenants(tmp_path)

    assert [each.id for each in found] == ["good"]
    assert only_error(found).startswith(
        "odd.yaml: cannot be used: RuntimeError: an error that was not foreseen\\u0000xx"
    )
    assert len(only_error(found)) < 200


def test_a_misspelt_tenant_is_answered_with_those_that_may_be_meant(tmp_path: Path) -> None:
    for stem in ("alpha", "modehaus", "zeta"):
        write(tmp_path, stem)

    for only in (None, "MODEHAUS"):
        with pytest.raises(KeyError, match=r"did you mean 'modehaus'\? known: alpha, modehaus, zeta"):
            load_tenants(tmp_path, only=only).get("MODEHAUS")


@pytest.mark.parametrize("asked", ["*", "../secret", "alph?", "", "a\0b", "alpha.yaml"])
def test_a_tenant_that_is_asked_for_is_a_name_and_no_pattern(tmp_path: Path, asked: str) -> None:
    (tmp_path / "tenants").mkdir()
    write(tmp_path, "secret")
    write(tmp_path / "tenants", "alpha")

    found = load_tenants(tmp_path / "tenants", only=asked)

    assert list(found) == []
    with pytest.raises(KeyError, match="known: alpha"):
        found.get(asked)


def test_every_problem_of_a_file_is_reported_at_once(tmp_path: Path) -> None:
    write(tmp_path, "broken", owner=..., colour="red", currency="Euro")

    message = only_error(load_tenants(tmp_path))

    assert all(f"key {key!r}" in message for key in ("owner", "colour", "currency"))


@pytest.mark.parametrize(
    ("content", "expectation"),
    [
        (b"id: [unclosed", "not readable as YAML: "),
        (b"\xff\xfe\x00", "not readable as YAML: "),
        (b"", "expected a mapping of settings"),
        (b"- a\n- b\n", "expected a mapping of settings"),
    ],
)
def test_a_file_that_is_no_mapping_is_named(tmp_path: Path, content: bytes, expectation: str) -> None:
    write(tmp_path, "good")
    (tmp_path / "broken.yaml").write_bytes(content)

    found = load_tenants(tmp_path)

    assert only_error(found).startswith(f"broken.yaml: {expectation}")
    assert [tenant.id for tenant in found] == ["good"]


def test_an_id_that_is_not_the_files_name_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "good", id="other")

    message = only_error(load_tenants(tmp_path))

    assert message == "good.yaml: line 2, key 'id': expected 'good', the file's name, got 'other'"


def test_an_id_that_is_a_schema_of_the_warehouse_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "raw")

    error = only_error(load_tenants(tmp_path))

    assert error.startswith("raw.yaml: line 2, key 'id': ")
    assert "'raw' is the name of a warehouse schema; choose another id" in error


def test_tenants_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("zeta", "alpha", "mid"):
        write(tmp_path, name)

    assert [tenant.id for tenant in load_tenants(tmp_path)] == ["alpha", "mid", "zeta"]


def test_a_task_reads_its_own_file_alone(tmp_path: Path) -> None:
    write(tmp_path, "good")
    (tmp_path / "broken.yaml").write_text("id: [")

    found = load_tenants(tmp_path, only="good")

    assert found.errors == ()
    assert found.get("good").name == "Good"


def test_asking_for_a_tenant_that_does_not_exist_lists_those_that_do(tmp_path: Path) -> None:
    write(tmp_path, "alpha")
    write(tmp_path, "zeta")

    with pytest.raises(KeyError, match=r"'nobody' has no usable file .*known: alpha, zeta"):
        load_tenants(tmp_path).get("nobody")


def test_asking_for_a_tenant_whose_file_is_broken_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    write(tmp_path, "broken", owner=...)

    with pytest.raises(KeyError, match=r"'broken' cannot be used: broken.yaml: key 'owner': missing"):
        load_tenants(tmp_path, only="broken").get("broken")


def test_the_folder_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "good")
    monkeypatch.setenv("MERCURIOS_TENANTS_DIR", str(tmp_path))

    assert [tenant.id for tenant in load_tenants()] == ["good"]


def test_the_landing_url_fills_in_the_environment_or_names_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "good", landing="s3://${BUCKET_OF_A_TEST}/landing/")
    tenant = load_tenants(tmp_path).get("good")

    with pytest.raises(
        ValueError, match=r"tenant good: landing 's3://\$\{BUCKET_OF_A_TEST\}/landing/' names an env"
    ):
        tenant.landing_url()
    monkeypatch.setenv("BUCKET_OF_A_TEST", "bucket")
    assert tenant.landing_url() == "s3://bucket/landing"


def test_settings_of_a_resource_fall_back_to_the_defaults(tmp_path: Path) -> None:
    write(tmp_path, "good", source__resources={"sale": {"mode": "changed"}})
    source = load_tenants(tmp_path).get("good").source

    assert source.mode_of("sale") is Mode.CHANGED
    assert source.mode_of("article") is Mode.SCAN


def test_the_connection_decides_the_engine_and_the_file_how_many_tasks_build_models(tmp_path: Path) -> None:
    write(tmp_path, "duck")
    write(tmp_path, "flake", connections__warehouse="snowflake_flake")
    write(tmp_path, "chosen", connections__warehouse="snowflake_x", dbt_tasks="models")
    found = load_tenants(tmp_path)

    assert [(t.id, t.engine, t.dbt_tasks) for t in found] == [
        ("chosen", "snowflake", "models"),
        ("duck", "duckdb", "build"),
        ("flake", "snowflake", "build"),
    ]
