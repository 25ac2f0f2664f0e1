"""What a tenant file says of a folder of exports."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import PurePosixPath
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from mercurios.inputs.names import Day, Place, Written
from mercurios.sources.contract import Contract
from mercurios.sources.files.resources import CONTRACT, DERIVED, REQUIRED
from mercurios.sources.settings import ConnectionId, Drift, SourceSettings, no_future

FORMATS = (".csv", ".txt", ".tsv", ".parquet", ".xlsx")
# Days that are distinguished by day, month, and year with its century.
_DAYS = (datetime(2023, 11, 28), datetime(2023, 11, 29), datetime(2023, 12, 28), datetime(2024, 11, 28))


def _known_encoding(name: str) -> str:
    try:
        # Some codecs are no way to write letters, such as zip, and of those some read none.
        "a;1".encode(name).decode(name)
        if not name.isascii():
            raise LookupError
    except (LookupError, UnicodeError):
        raise ValueError(f"{name!r} is not an encoding such as utf-8 or cp1252") from None
    return name


def _names_a_day(form: str) -> str:
    try:
        found = {datetime.strptime(day.strftime(form), form) for day in _DAYS}
    except ValueError:
        found = set()
    if found != set(_DAYS):
        raise ValueError(f"{form!r} does not say day, month and year of a date, as '%d.%m.%Y' does")
    return form


def _separates(sign: str) -> str:
    if sign.isalnum() or sign in "\"'\r\n":
        raise ValueError(f"{sign!r} separates no columns; expected a sign such as ',' or ';'")
    return sign


def _in_the_folder(pattern: str) -> str:
    path = PurePosixPath(pattern)
    if path.is_absolute() or ".." in path.parts or "\\" in pattern:
        raise ValueError(f"{pattern!r} leads out of the folder; name a file or a pattern below it")
    if path.suffix[1:].isalnum() and path.suffix.lower() not in FORMATS:
        raise ValueError(f"{pattern!r} has no ending that is read; expected {', '.join(FORMATS)}")
    return pattern


class Dataset(BaseModel):
    """One kind of export.

    Attributes:
        files: name of the file in the folder, or a pattern such as `sales-*.csv`. The ending says the format: `.csv`,
            `.txt`, `.tsv`, `.parquet`, `.xlsx`. Of several files the newest counts for each row.
        columns: field of the contract to column of the file; what is not listed is not delivered.
        append_only: an export that is gone from the folder deletes nothing; for sales that come a file a day.
        delimiter: what separates the columns of a CSV file.
        decimal: what separates the fraction of a number in a text.
        thousands: what separates the thousands of a number in a text; None where nothing does.
        dates: form of dates in a text, as `strptime` has it; None reads ISO dates such as 2025-03-01.
        encoding: how a CSV file writes letters.
        sheet: sheet of an Excel file; None takes the first.
        ignored: columns of the file that are known and not read.
        drift: what becomes of columns that are neither mapped nor ignored. By default they are reported and left out,
            because exports name people.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    files: Annotated[Written, AfterValidator(_in_the_folder)]
    columns: dict[str, Written]
    append_only: bool = False
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1), AfterValidator(_separates)] = ","
    decimal: Literal[".", ","] = "."
    thousands: Literal[".", ",", " ", "'"] | None = None
    dates: Annotated[Written, AfterValidator(_names_a_day)] | None = None
    encoding: Annotated[str, AfterValidator(_known_encoding)] = "utf-8-sig"
    sheet: Written | None = None
    ignored: frozenset[str] = frozenset()
    drift: Drift = Drift.FREEZE

    @model_validator(mode="after")
    def _separators_differ(self) -> Dataset:
        if self.thousands == self.decimal:
            raise ValueError(f"'decimal' and 'thousands' are both {self.decimal!r}: expected two signs")
        return self


class FilesSettings(SourceSettings):
    """How a folder of exports is read.

    Attributes:
        plausible: what this retailer can mean; rows beyond it are set aside.
        folder: URL of the folder, `file://` or `s3://`; `${NAME}` is filled in from the environment.
        connection: AWS connection that opens a folder on S3.
        as_of: business day of the exports; None takes the day on which the newest file was written.
        datasets: the exports: `sales` and `articles`, and `stock`, `open_orders` and `branches` where there are some.
    """

    contract: ClassVar[Contract] = CONTRACT

    kind: Literal["files"]
    folder: Place
    connection: ConnectionId = "aws_default"
    as_of: Annotated[Day, AfterValidator(no_future)] | None = None
    datasets: dict[str, Dataset] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _datasets_are_whole(self) -> FilesSettings:
        known = self.contract.resources
        for name, dataset in self.datasets.items():
            if name not in known:
                raise ValueError(f"dataset {name!r} is unknown; known datasets: {', '.join(known)}")
            _check_columns(name, dataset, self.contract)
        missing = [name for name in ("sales", "articles") if name not in self.datasets]
        if missing:
            raise ValueError(f"dataset {missing[0]!r} is missing; expected at least sales and articles")
        if "open_orders" in self.datasets and "stock" not in self.datasets:
            raise ValueError("dataset 'open_orders' is of use only beside 'stock', which is missing")
        return self

    def drift_of(self, resource: str) -> Drift:
        """Return what happens to rows of a dataset whose columns are not the mapped ones."""
        dataset = self.datasets.get(resource)
        return dataset.drift if dataset else Drift.EVOLVE

    def folder_url(self) -> str:
        """Return the folder's URL with environment variables filled in.

        Raises:
            ValueError: a variable of the URL is not set.
        """
        url = os.path.expandvars(self.folder)
        if "${" in url:
            raise ValueError(f"source.folder {self.folder!r} names an environment variable that is not set")
        return url.rstrip("/")


def _check_columns(name: str, dataset: Dataset, contract: Contract) -> None:
    fields = [column.field for column in contract.resources[name].columns if column.field not in DERIVED]
    unknown = [field for field in dataset.columns if field not in fields]
    if unknown:
        raise ValueError(f"dataset {name!r} has no field {unknown[0]!r}; known fields: {', '.join(fields)}")
    for choice in REQUIRED[name]:
        if not any(field in dataset.columns for field in choice):
            raise ValueError(f"dataset {name!r} maps no column to {' or '.join(map(repr, choice))}")
