"""The manifest: what one attempt of one run landed for one resource.

It is written last. A part that no manifest names does not exist for the loader, so a killed or repeated
attempt leaves nothing behind that could be loaded by accident.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

PartKind = Literal["rows", "keys", "quarantine"]


class Part(BaseModel):
    """One Parquet file.

    Attributes:
        kind: `rows` for typed rows, `keys` for ids seen but unchanged, `quarantine` for rows that do not fit.
        resource: whose rows they are; nested resources have parts of their own.
        url: full address.
        rows, bytes: size.
        sha256: checksum of the file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: PartKind
    resource: str
    url: str
    rows: int = Field(ge=0)
    bytes: int = Field(ge=0)
    sha256: str


class Counts(BaseModel):
    """How many rows one resource delivered, and what happened to them before landing.

    `without_cursor` counts rows that load but could not move the watermark: only a complete read shows their changes.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    extracted: int = Field(ge=0)
    unchanged: int = Field(ge=0)
    quarantined: int = Field(ge=0)
    without_cursor: int = Field(default=0, ge=0)

    @property
    def landed(self) -> int:
        """Rows in the parts of kind `rows`."""
        return self.extracted - self.unchanged - self.quarantined


class DriftNote(BaseModel):
    """A field that appeared, vanished or changed its type, and in how many rows; or a clock that cannot be right."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    resource: str
    field: str
    change: Literal["appeared", "vanished", "retyped", "doubted"]
    rows: int


class ReadBounds(BaseModel):
    """What a retailer could mean when a read was typed (see `sources.settings.Bounds`)."""

    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True)

    first_day: date
    last_day: date
    most_units: int
    largest_amount: int


class Manifest(BaseModel):
    """What one attempt landed.

    Attributes:
        resource: the collection; nested resources appear in `counts` and `parts`.
        fence: number of the run's newest start when the attempt began; an older one may not be loaded.
        source: host and path of the API that was read, by which another retailer's would be noticed; None where
            nothing was asked.
        bounds: what the rows could mean; None in manifests of older releases, and of replays.
        key_id: name of the key by which persons' numbers are hashed; None where the rows name no persons, and in
            manifests of releases that did not say.
        mode: how changes were found.
        complete: every row of the source was enumerated, so a row not seen is deleted.
        stable: no row shifted from page to page in at least one scan; otherwise rows may have been hidden,
            the read is not complete, and the cursor stays where it was. Older manifests name it `settled`.
        extracted_at: our clock when the attempt began, UTC; every landed row carries it.
        source_now: the source's clock at the first response, UTC.
        cursor_from: where an incremental read started; None for a read from the beginning.
        cursor_to: greatest cursor that is safe to continue from; None where the resource has no cursor.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = 1
    tenant_id: str
    resource: str
    run_id: str
    attempt: int = Field(ge=1)
    fence: int
    source: str | None = None
    bounds: ReadBounds | None = None
    key_id: str | None = None
    mode: str
    complete: bool
    stable: bool = Field(default=True, validation_alias=AliasChoices("stable", "settled"))
    extracted_at: datetime
    source_now: datetime
    cursor_from: datetime | None
    cursor_to: datetime | None
    counts: dict[str, Counts]
    drift: list[DriftNote]
    parts: list[Part]

    def parts_of(self, resource: str, kind: PartKind) -> list[Part]:
        """Return the parts of one resource and kind."""
        return [part for part in self.parts if part.resource == resource and part.kind == kind]
