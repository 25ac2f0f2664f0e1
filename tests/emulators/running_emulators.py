"""Starting and stopping the emulators of S3 (moto) and Snowflake (fakesnow), each a process of its own.

They listen on 127.0.0.1 on free ports and forget everything when they end.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

HERE = Path(__file__).resolve().parent
START_SECONDS = 120
REGION = "eu-central-1"

USER = "MERCURIOS_LOADER_SERVICE"
ROLE = "MERCURIOS_LOADER"
# A database that one tenant has alone, whose loader has a role of its own.
OWN_DATABASE = "SOLO_DATA"
WAREHOUSE = "MERCURIOS_LOADING_WH"
EXHAUSTED_WAREHOUSE = "MERCURIOS_DEV_WH"


@dataclass
class S3:
    """A running emulator of S3."""

    port: int

    @property
    def endpoint(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def storage_options(self) -> dict[str, Any]:
        """What fsspec's s3 file system needs to reach it."""
        return {
            "key": "emulator",
            "secret": "emulator",
            "endpoint_url": self.endpoint,
            "client_kwargs": {"region_name": REGION},
        }

    def file_system(self) -> Any:
        """Return a file system on it."""
        import s3fs

        return s3fs.S3FileSystem(**self.storage_options, skip_instance_cache=True, use_listings_cache=False)

    def create_bucket(self, name: str) -> None:
        """Create a bucket."""
        import boto3

        client = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="emulator",
            aws_secret_access_key="emulator",
        )
        client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})


@dataclass
class KeyPair:
    """The key pair of a service user, and the wrong one of another user."""

    private: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    @property
    def pem(self) -> str:
        """The private key as a connection's `private_key_content` holds it, before its base64 coat."""
        return self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()

    @property
    def der(self) -> bytes:
        """The private key as the connector takes it."""
        return self.private.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    @property
    def public_pem(self) -> str:
        """The public key as the account knows it."""
        return (
            self.private.public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
            .decode()
        )


@dataclass
class Snowflake:
    """A running emulator of Snowflake.

    Attributes:
        certificate: what a client must trust (`REQUESTS_CA_BUNDLE`).
        key: key pair of the service user.
    """

    port: int
    certificate: Path
    key: KeyPair

    def parameters(self, database: str, **others: Any) -> dict[str, Any]:
        """Return the arguments of `snowflake.connector.connect`."""
        return {
            "account": "emulator",
            "host": "127.0.0.1",
            "port": self.port,
            "user": USER,
            "private_key": self.key.der,
            "authenticator": "SNOWFLAKE_JWT",
            "database": database,
            "schema": "OPS",
            "warehouse": WAREHOUSE,
            "role": ROLE,
            "paramstyle": "qmark",
            # The detection asks addresses of cloud machines.
            "platform_detection_timeout_seconds": 0.0,
            "login_timeout": 20,
            "network_timeout": 30,
            **others,
        }

    def end_session(self, token: str) -> None:
        """End a session behind its client's back, as Snowflake does with one that idled for too long."""
        import requests

        response = requests.post(
            f"https://127.0.0.1:{self.port}/session?delete=true",
            headers={"Authorization": f'Snowflake Token="{token}"'},
            verify=str(self.certificate),
            timeout=30,
        )
        response.raise_for_status()


def airflow_connections(s3: S3, snowflake: Snowflake, tenant: str = "mini", **changes: Any) -> dict[str, str]:
    """Return the Airflow connections of a tenant to both emulators, as environment variables.

    Args:
        s3: where it lands.
        snowflake: where it loads.
        tenant: part of the Snowflake connection's id.
        changes: what replaces fields of the Snowflake connection's extra.
    """
    extra = {
        "account": "emulator",
        "host": "127.0.0.1",
        "port": snowflake.port,
        "warehouse": WAREHOUSE,
        "role": ROLE,
        "authenticator": "SNOWFLAKE_JWT",
        "private_key_content": base64.b64encode(snowflake.key.pem.encode()).decode(),
        **changes,
    }
    warehouse = {"conn_type": "snowflake", "login": USER, "extra": extra}
    landing = {"endpoint_url": s3.endpoint, "region_name": REGION}
    aws = {"conn_type": "aws", "login": "emulator", "password": "emulator", "extra": landing}
    return {
        f"AIRFLOW_CONN_SNOWFLAKE_{tenant.upper()}": json.dumps(warehouse),
        "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(aws),
    }


def administrator(snowflake: Snowflake) -> str:
    """Return the connection of the account's administrator in Airflow's form."""
    extra = {
        "account": "emulator",
        "host": "127.0.0.1",
        "port": snowflake.port,
        "private_key_content": base64.b64encode(snowflake.key.pem.encode()).decode(),
    }
    return json.dumps({"conn_type": "snowflake", "login": USER, "extra": extra})


def switched_tenant(root: Path, folder: Path) -> Path:
    """Make a folder with the test tenant, switched to Snowflake by its connection id, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    file = (root / "tests" / "tenants" / "mini.yaml").read_text(encoding="utf-8")
    switched = file.replace("warehouse: duckdb_mini", "warehouse: snowflake_mini")
    (folder / "mini.yaml").write_text(switched, encoding="utf-8")
    return folder


@contextmanager
def running_s3() -> Iterator[S3]:
    """Run an emulator of S3 for the length of a `with` block."""
    with _process("s3_server.py", (), {}) as port:
        yield S3(port)


@contextmanager
def running_snowflake(s3: S3 | None = None, without: Sequence[str] = ()) -> Iterator[Snowflake]:
    """Run an emulator of Snowflake for the length of a `with` block.

    Args:
        s3: where its external stages look; None for an emulator without stages.
        without: names of shims to leave out.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mercurios-emulator-")))
        certificate, key = _certificate(folder)
        pair = KeyPair()
        account = {
            "users": {USER: pair.public_pem},
            "roles": [ROLE, f"{ROLE}_{OWN_DATABASE}", "MERCURIOS_ADMIN", "MERCURIOS_DEVELOPER"],
            "warehouses": [WAREHOUSE, EXHAUSTED_WAREHOUSE],
            "exhausted": [EXHAUSTED_WAREHOUSE],
        }
        environment = {
            "EMULATOR_CERTIFICATE": str(certificate),
            "EMULATOR_KEY": str(key),
            "EMULATOR_ACCOUNT": json.dumps(account),
            "EMULATOR_S3_ENDPOINT": s3.endpoint if s3 else "",
        }
        port = stack.enter_context(_process("snowflake_server.py", without, environment))
        yield Snowflake(port, certificate, pair)


@contextmanager
def _process(script: str, arguments: Sequence[str], environment: dict[str, str]) -> Iterator[int]:
    """Run a server that prints its port when it listens; yield the port and end the process afterwards."""
    with ExitStack() as stack:
        # Read only when the server does not come up.
        log = stack.enter_context(tempfile.TemporaryFile("w+"))
        process = stack.enter_context(
            subprocess.Popen(
                [sys.executable, str(HERE / script), *arguments],
                env={**os.environ, **environment, "PYTHONPATH": str(HERE)},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        )
        # The server has nothing to keep, and would wait for open requests.
        stack.callback(process.kill)
        overdue = threading.Timer(START_SECONDS, process.kill)
        overdue.start()
        line = process.stdout.readline() if process.stdout else ""
        overdue.cancel()
        if not line:
            process.wait(10)
            log.seek(0)
            raise RuntimeError(f"{script} ended before it listened: {log.read()[-2000:]}")
        yield int(json.loads(line)["port"])


def _certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for this machine that only the tests trust."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    addresses = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=7))
        .add_extension(x509.SubjectAlternativeName(addresses), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "emulator.crt", folder / "emulator.key"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_text(KeyPair(key).pem)
    return certificate_file, key_file
