"""What the set-up of a Snowflake account needs to know and no tenant file says: sizes, limits, networks, keys, storage.

One YAML file outside the repository, named by `MERCURIOS_SNOWFLAKE_CONFIG`. It holds no secret: public keys are public,
and a private key put there by mistake is refused without being repeated.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from mercurios.inputs.problems import problems_of
from mercurios.inputs.yaml_file import YamlError, read_yaml

CONFIG_VARIABLE = "MERCURIOS_SNOWFLAKE_CONFIG"

_SMALLEST_KEY = 2048
# What one network of the former class B holds; no service signs in from more.
_MOST_PUBLIC_ADDRESSES = 65_536
_PEM_FRAME = re.compile(r"-----(?:BEGIN|END) ([A-Z ]+)-----")


class AccountSettingsError(Exception):
    """The configuration of the account cannot be used; the message names file, key and what was expected."""


def _public_key(text: str) -> str:
    """Return a public key as Snowflake takes it: the base64 text of a PEM, without frame and line breaks."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    if any("PRIVATE" in name for name in _PEM_FRAME.findall(text)):
        raise ValueError("this is a private key; give the public one, as `openssl rsa -pubout` prints it")
    body = "".join(_PEM_FRAME.sub("", text).split())
    try:
        key = load_der_public_key(base64.b64decode(body, validate=True))
    except (binascii.Error, ValueError):
        raise ValueError("not a public key; give what `openssl rsa -pubout` prints") from None
    if not isinstance(key, RSAPublicKey) or key.key_size < _SMALLEST_KEY:
        raise ValueError(f"Snowflake takes RSA keys of at least {_SMALLEST_KEY} bits")
    return body


def _few_addresses(networks: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse lists that together allow the internet, or a good part of it, in however many pieces."""
    public = [each for each in map(ipaddress.IPv4Network, networks) if not each.is_private]
    count = sum(each.num_addresses for each in ipaddress.collapse_addresses(public))
    if count > _MOST_PUBLIC_ADDRESSES:
        raise ValueError(
            f"allows {count:,} public addresses together, and at most {_MOST_PUBLIC_ADDRESSES:,} are taken; name the "
            "networks the service signs in from"
        )
    return networks


def _network(text: str) -> str:
    network = ipaddress.ip_network(text)
    if network.version != 4:
        raise ValueError("Snowflake's lists of allowed addresses take IPv4 networks")
    if network.prefixlen == 0:
        raise ValueError("allows every address; name the networks the service signs in from")
    return str(network)


PublicKey = Annotated[str, AfterValidator(_public_key)]
Network = Annotated[str, AfterValidator(_network)]
DatabaseName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,199}$", to_upper=True)]
Size = Literal["XSMALL", "SMALL", "MEDIUM", "LARGE", "XLARGE", "XXLARGE"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Warehouse(_Model):
    """Size and limits of one warehouse.

    Attributes:
        size: Snowflake's word for it.
        auto_suspend_seconds: idle time after which it sleeps.
        monthly_credits: limit of its resource monitor.
        statement_timeout_seconds: after which a statement is cancelled.
    """

    size: Size = "XSMALL"
    auto_suspend_seconds: Annotated[int, Field(ge=30, le=3600)] = 60
    monthly_credits: Annotated[int, Field(ge=1)] = 50
    statement_timeout_seconds: Annotated[int, Field(ge=60)] = 3600


class Warehouses(_Model):
    """The three warehouses: what loads and models, what people query, what developers try."""

    loading: Warehouse = Field(default_factory=Warehouse)
    analytics: Warehouse = Field(default_factory=Warehouse)
    dev: Warehouse = Field(default_factory=Warehouse)


class Service(_Model):
    """How a service signs in.

    Attributes:
        public_key: of its key pair.
        public_key_2: the next one, while keys are rotated.
        network: IPv4 networks it signs in from, of at most 65,536 public addresses together.
    """

    public_key: PublicKey
    public_key_2: PublicKey | None = None
    network: Annotated[tuple[Network, ...], Field(min_length=1), AfterValidator(_few_addresses)]


class AccountSettings(_Model):
    """The account's part that is no tenant's.

    Attributes:
        landing: URL of the landing area that all Snowflake tenants share, with a slash at its end.
        storage_role_arn: IAM role that Snowflake assumes to read it.
        loader: how the loader of the database that tenants share signs in.
        loaders: how the loader of each other database signs in, by the database's name.
        fivetran: how Fivetran signs in; None creates no user for it.
        warehouses: sizes and limits.
        monthly_credits: limit of all warehouses of the account, whoever created them; None adds up those above.
        retention_days: how far back time travel reaches.
    """

    landing: Annotated[str, StringConstraints(pattern=r"^s3://[a-z0-9][a-z0-9.-]+/([A-Za-z0-9._=-]+/)*$")]
    storage_role_arn: Annotated[
        str, StringConstraints(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+$")
    ]
    loader: Service
    loaders: dict[DatabaseName, Service] = Field(default_factory=dict)
    fivetran: Service | None = None
    warehouses: Warehouses = Field(default_factory=Warehouses)
    monthly_credits: Annotated[int, Field(ge=1)] | None = None
    retention_days: Annotated[int, Field(ge=0, le=90)] = 7


def load_account_settings(environ: Mapping[str, str] | None = None) -> AccountSettings:
    """Read the file that `MERCURIOS_SNOWFLAKE_CONFIG` names; `${NAME}` in it stands for an environment variable.

    Raises:
        AccountSettingsError: there is no such file, or a key of it is missing, unknown or wrong.
    """
    environ = os.environ if environ is None else environ
    name = environ.get(CONFIG_VARIABLE)
    if not name:
        raise AccountSettingsError(
            f"{CONFIG_VARIABLE} is not set: point it at the YAML file of the account (docs/snowflake.md shows one)"
        )
    path = Path(name)
    try:
        document = read_yaml(path)
    except YamlError as error:
        # It names line and key, and repeats nothing of the file, which may hold a key.
        raise AccountSettingsError(f"{path.name}: {error}") from None
    if not isinstance(document.value, dict):
        raise AccountSettingsError(
            f"{path.name}: expected a mapping such as 'landing: s3://…' at the top level"
        )
    try:
        return AccountSettings.model_validate(_expanded(document.value, environ, path.name))
    except ValidationError as error:
        problems = "; ".join(problems_of(document, error, repeats_values=False))
        raise AccountSettingsError(f"{path.name}: {problems}") from None


def _expanded(value: Any, environ: Mapping[str, str], file: str) -> Any:
    if isinstance(value, dict):
        return {key: _expanded(item, environ, file) for key, item in value.items()}
    if isinstance(value, list):
        return [_expanded(item, environ, file) for item in value]
    if not isinstance(value, str):
        return value

    def known(match: re.Match[str]) -> str:
        if match[1] not in environ:
            raise AccountSettingsError(f"{file}: names environment variable {match[1]}, which is not set")
        return environ[match[1]]

    return re.sub(r"\$\{(\w+)\}", known, value)
