"""Sections of a tenant file, and the settings in them that dbt reads, as rows of `raw.tenant_setting`."""

from __future__ import annotations

from typing import NamedTuple

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A part of a tenant file: a key that it does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class SettingRow(NamedTuple):
    """One setting; `scope_key` is a number, a code or a name, and '' for the whole tenant."""

    scope: str
    scope_key: str
    setting: str
    value: str
