"""The one place that turns a tenant into its open landing area.

On S3 the Amazon provider gives the file system: it knows every kind of credential that a connection may hold, and
renews those of an assumed role while an extraction goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mercurios.landing.store import LandingStore
    from mercurios.tenants import Tenant


def landing_of(tenant: Tenant, url: str | None = None) -> LandingStore:
    """Return a tenant's landing area.

    Args:
        tenant: whose.
        url: another address than its file's, such as that of a single manifest.

    Raises:
        ValueError: the tenant's file or the environment does not say where it is.
        LandingError: no file system serves its address.
    """
    from mercurios.landing.store import LandingStore

    url = url or tenant.landing_url()
    if not url.startswith("s3://"):
        return LandingStore(url)
    from airflow.providers.amazon.aws.fs.s3 import get_fs

    return LandingStore(url, file_system=get_fs(tenant.connections.aws))
