"""A tenant's folder of exports as an open source; on S3 the Amazon provider gives the file system."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mercurios.sources.files.settings import FilesSettings
    from mercurios.sources.source import Source


def connect(settings: FilesSettings, *, share: int) -> Source:
    """Return the folder that a tenant's file names.

    Args:
        settings: of the tenant.
        share: number of tasks that read it; a folder sets no limit.

    Raises:
        TerminalSourceError: no file system serves the folder's address.
    """
    from mercurios.sources.files.source import FilesSource

    if not settings.folder.startswith("s3://"):
        return FilesSource(settings)
    from airflow.providers.amazon.aws.fs.s3 import get_fs

    return FilesSource(settings, file_system=get_fs(settings.connection))
