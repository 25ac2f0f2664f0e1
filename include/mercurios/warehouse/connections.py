"""Connections in Airflow's form, read from the environment, for those who work without Airflow.

The DAGs have Airflow's hooks, which know every way to sign in. A person at the command line has the same variables, in
which a deployment keeps its connections: `AIRFLOW_CONN_<ID>`, as JSON or as a URI. What cannot be read is never
repeated: it may be a secret.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from mercurios.warehouse.engine import WarehouseError


class ConnectionFormError(WarehouseError):
    """A connection cannot be used as it stands; the message names it and never its content."""


def variable(name: str) -> str:
    """Return the variable in which Airflow looks for a connection."""
    return f"AIRFLOW_CONN_{name.upper()}"


def in_environment(name: str, environ: Mapping[str, str] | None = None) -> str | None:
    """Return a connection as it stands in the environment; None where it does not."""
    return (os.environ if environ is None else environ).get(variable(name)) or None


def duckdb_file(name: str, text: str) -> Path | None:
    """Return the file that a connection names; None where it leaves that to the default.

    Raises:
        ConnectionFormError: it is not of Airflow's form or not of type duckdb.
    """
    host = _fields(name, text, "duckdb").get("host")
    return Path(os.path.expandvars(host)) if host else None


def s3_options(name: str, text: str) -> dict[str, Any]:
    """Turn a connection in Airflow's form into what fsspec's s3 file system takes.

    Raises:
        ConnectionFormError: it is not of that form, not an AWS connection, or takes on a role.
    """
    fields = _fields(name, text, "aws")
    extra = fields["extra"]
    if extra.get("role_arn"):
        raise ConnectionFormError(
            f"connection {name!r}: takes on a role, which the command line leaves to AWS: unset {variable(name)} and "
            "set AWS_PROFILE to a profile that does"
        )
    options = {
        "key": fields.get("login"),
        "secret": fields.get("password"),
        "token": extra.get("aws_session_token"),
        "endpoint_url": extra.get("endpoint_url"),
        "client_kwargs": {"region_name": extra["region_name"]} if extra.get("region_name") else None,
    }
    return {key: value for key, value in options.items() if value}


def snowflake_options(name: str, text: str) -> dict[str, Any]:
    """Turn a connection in Airflow's form, JSON or URI, into what the connector takes.

    Raises:
        ConnectionFormError: it is not of that form, not a Snowflake connection, or its key cannot be read.
    """
    fields = _fields(name, text, "snowflake")
    extra = fields["extra"]
    names = ("account", "warehouse", "database", "role", "authenticator", "region", "host", "port")
    options = {key: extra[key] for key in names if extra.get(key)}
    options |= {"user": fields.get("login"), "schema": fields.get("schema")}
    key = _private_key(name, extra, fields.get("password"))
    options |= {"private_key": key, "password": None if key else fields.get("password")}
    return {key: value for key, value in options.items() if value}


def _fields(name: str, text: str, kind: str) -> dict[str, Any]:
    """Return the fields of a connection, `extra` as a dict.

    Raises:
        ConnectionFormError: it is neither JSON nor a URI, or of another type.
    """
    try:
        fields: dict[str, Any] = json.loads(text) if text.lstrip().startswith("{") else _of_uri(text)
        extra = fields.get("extra") or {}
        fields["extra"] = json.loads(extra) if isinstance(extra, str) else dict(extra)
        found = fields.get("conn_type")
    except (AttributeError, TypeError, ValueError):
        # The error would repeat what it could not read, and that may be a password.
        raise ConnectionFormError(f"connection {name!r}: neither JSON nor a URI in Airflow's form") from None
    if found != kind:
        raise ConnectionFormError(f"connection {name!r}: has type {found!r}; expected {kind!r}")
    return fields


def _of_uri(text: str) -> dict[str, Any]:
    parts = urlsplit(text)
    extra = dict(parse_qsl(parts.query))
    packed = extra.pop("__extra__", None)
    return {
        "conn_type": parts.scheme,
        "login": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "host": unquote(parts.netloc.rpartition("@")[2]),
        "schema": unquote(parts.path.lstrip("/")),
        "extra": extra | (json.loads(packed) if packed else {}),
    }


def _private_key(name: str, extra: Mapping[str, Any], passphrase: str | None) -> bytes | None:
    """Return the key of a connection as the connector takes it; the password is the key's passphrase."""
    from cryptography.hazmat.primitives import serialization

    try:
        if file := extra.get("private_key_file"):
            pem = Path(str(file)).read_bytes()
        elif content := str(extra.get("private_key_content") or ""):
            pem = content.encode() if "-----BEGIN" in content else base64.b64decode(content)
        else:
            return None
        key = serialization.load_pem_private_key(pem, passphrase.encode() if passphrase else None)
    except (OSError, TypeError, ValueError):
        raise ConnectionFormError(
            f"connection {name!r}: its private key cannot be read: expected a PEM file in private_key_file, or base64 "
            "of one in private_key_content, and its passphrase as the password"
        ) from None
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
