"""Settings of a tenant file that dbt reads, as rows of `raw.tenant_setting`."""

from __future__ import annotations

from typing import NamedTuple


class SettingRow(NamedTuple):
    """One setting; `scope_key` is a number, a code or a name, and '' for the whole tenant."""

    scope: str
    scope_key: str
    setting: str
    value: str
