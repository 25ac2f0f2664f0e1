"""Files of the landing area, local or in object storage, behind one interface (fsspec)."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Any

import fsspec

from mercurios.landing.manifest import Manifest, Part

# A process that only begins or loads runs has no need of Arrow's libraries.
if TYPE_CHECKING:
    import pyarrow as pa

MANIFEST_NAME = "manifest.json"
RESERVED_NAME = "reserved"


class LandingError(Exception):
    """The landing area cannot be read or written; the message names the address and the remedy."""


class LandingStore:
    """The landing area of one tenant.

    Args:
        url: `file://…` or `s3://…`.
        file_system: an open file system for the URL's protocol; None opens one.
        storage_options: passed to the file system that is opened, such as credentials of object storage.
    """

    def __init__(
        self, url: str, *, file_system: fsspec.AbstractFileSystem | None = None, **storage_options: Any
    ) -> None:
        keep_to_owner()
        self.url = url.rstrip("/")
        try:
            if file_system is not None:
                self._fs, self._root = file_system, str(file_system._strip_protocol(self.url))
            else:
                self._fs, self._root = fsspec.core.url_to_fs(self.url, **storage_options)
        except (ImportError, ValueError) as error:
            raise LandingError(f"landing area {url}: {error}") from error
        # An object store has no folders, shows an object only when all of it is there, and would take a folder's
        # creation for that of a bucket.
        self._has_folders = not self.url.startswith("s3://")

    def prefix(self, tenant_id: str, resource: str, run_id: str, attempt: int) -> str:
        """Return the folder of one attempt, relative to the landing area."""
        return f"tenant={tenant_id}/resource={resource}/run={safe_key(run_id)}/attempt={attempt:02d}"

    def address(self, path: str) -> str:
        """Return the full URL of a path in the landing area."""
        return f"{self.url}/{path}"

    @contextmanager
    def create(self, path: str) -> Iterator[IO[bytes]]:
        """Open a file for writing; object stores show it only once it is closed.

        Raises:
            LandingError: the area is not writable or full.
        """
        try:
            with self._fs.open(self._in_folder(path), "wb") as handle:
                yield handle
        except OSError as error:
            raise self._not_writable(error) from error

    def _in_folder(self, path: str) -> str:
        full = f"{self._root}/{path}"
        if self._has_folders:
            self._fs.makedirs(full.rsplit("/", 1)[0], exist_ok=True)
        return full

    def _not_writable(self, error: OSError) -> LandingError:
        return LandingError(
            f"landing area {self.url} cannot be written ({error.strerror or error}): "
            "check that it exists, that this user may write to it, and that there is space left"
        )

    def read_bytes(self, url: str) -> bytes:
        """Return a whole file by full URL.

        Raises:
            LandingError: it is missing or not readable.
        """
        try:
            return bytes(self._fs.cat_file(self._fs._strip_protocol(url)))
        except OSError as error:
            raise LandingError(f"{url} cannot be read ({error.strerror or error})") from error

    def remove(self, url: str) -> None:
        """Remove a file by full URL, where it is still there; one that stays is only waste."""
        with suppress(OSError):
            self._fs.rm_file(self._fs._strip_protocol(url))

    def count_files(self, tenant_id: str) -> int:
        """Return how many files a tenant's folder holds; a link counts as one, whatever it leads to."""
        return len(self._files_of(tenant_id))

    def remove_tenant(self, tenant_id: str) -> None:
        """Remove a tenant's folder with all that is in it; of a link the link alone.

        Raises:
            LandingError: a file cannot be removed; the others of the folder may be gone.
        """
        folder = f"{self._root}/tenant={tenant_id}"
        try:
            if not self._has_folders:
                if keys := self._files_of(tenant_id):
                    self._fs.rm(keys)
            elif os.path.islink(folder):
                os.unlink(folder)
            elif os.path.isdir(folder):
                shutil.rmtree(folder)
        except OSError as error:
            raise LandingError(
                f"{self.address(f'tenant={tenant_id}')} cannot be removed ({error.strerror or error}): put that right "
                "and run the command again"
            ) from error

    def _files_of(self, tenant_id: str) -> list[str]:
        folder = f"{self._root}/tenant={tenant_id}"
        try:
            if self._has_folders:
                if os.path.islink(folder):
                    return [folder]
                # Links are not followed: what they lead to is another one's.
                below = os.walk(folder)
                return [
                    f"{place}/{name}"
                    for place, folders, names in below
                    for name in (*names, *(each for each in folders if os.path.islink(f"{place}/{each}")))
                ]
            self._fs.invalidate_cache()
            # An object store finds what begins with a name: also the folder of a tenant whose id begins with this one.
            return [key for key in self._fs.find(folder) if str(key).startswith(f"{folder}/")]
        except OSError as error:
            raise LandingError(f"{self.url} cannot be read ({error.strerror or error})") from error

    def write_manifest(self, prefix: str, manifest: Manifest) -> str:
        """Write the manifest in one step and return its URL. Call it last."""
        return self.write_document(f"{prefix}/{MANIFEST_NAME}", manifest.model_dump_json(indent=2).encode())

    def write_document(self, path: str, content: bytes) -> str:
        """Write a small file so that readers see all of it or nothing; return its URL."""
        partial = f"{path}.partial" if self._has_folders else path
        with self.create(partial) as handle:
            handle.write(content)
        if partial == path:
            return self.address(path)
        try:
            self._fs.mv(f"{self._root}/{partial}", f"{self._root}/{path}")
        except OSError as error:
            raise self._not_writable(error) from error
        return self.address(path)

    def newest_documents(self, folder: str, count: int) -> list[str]:
        """Return the URLs of the documents of a folder whose names sort last, the last first.

        Raises:
            LandingError: the area cannot be read.
        """
        try:
            self._fs.invalidate_cache()
            names = self._fs.ls(f"{self._root}/{folder}", detail=False)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise LandingError(
                f"{self.address(folder)} cannot be read ({error.strerror or error})"
            ) from error
        documents = sorted(str(name).rstrip("/").rsplit("/", 1)[-1] for name in names)
        complete = [name for name in documents if not name.endswith(".partial")]
        return [self.address(f"{folder}/{name}") for name in reversed(complete[-count:])]

    def read_manifest(self, url: str) -> Manifest:
        """Read a manifest by URL.

        Raises:
            LandingError: it is missing or not a manifest.
        """
        try:
            return Manifest.model_validate_json(self.read_bytes(url))
        except ValueError as error:
            raise LandingError(f"{url} is not a manifest: {error}") from error

    def misplaced(self, url: str, manifest: Manifest) -> str | None:
        """Return the address of what a manifest lists outside of its own attempt's folder; None where all is in it.

        The folder follows from the manifest's ids. Local files are looked at with every link followed, so that none
        leads elsewhere.
        """
        folder, _, name = url.rpartition("/")
        prefix = self.prefix(manifest.tenant_id, manifest.resource, manifest.run_id, manifest.attempt)
        if name != MANIFEST_NAME or not self._followed(folder).endswith(f"/{prefix}"):
            return url
        for part in manifest.parts:
            name = part.url.rpartition("/")[2]
            if self._followed(part.url) != f"{self._followed(folder)}/{name}" or name in ("", ".", ".."):
                return part.url
        return None

    def lies_in(self, url: str, folder: str) -> bool:
        """Return whether a file lies in a folder of this area, itself and with every link followed.

        Args:
            url: the file.
            folder: relative to the landing area.
        """
        name = url.rpartition("/")[2]
        return (
            name not in ("", ".", "..")
            and self._followed(url) == f"{self._followed(self.url)}/{folder}/{name}"
        )

    def _followed(self, url: str) -> str:
        path = str(self._fs._strip_protocol(url))
        return os.path.realpath(path) if self._has_folders else path

    def parquet_schema(self, url: str) -> pa.Schema:
        """Return the columns of a Parquet file by full URL, reading its end alone.

        Raises:
            LandingError: it is missing or no Parquet file.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            with self._fs.open(self._fs._strip_protocol(url), "rb") as handle:
                return pq.read_schema(handle)
        except (OSError, pa.ArrowInvalid) as error:
            raise LandingError(f"{url} cannot be read as Parquet ({error})") from error

    def texts_of(self, url: str, column: str) -> set[str | None]:
        """Return the different values of a column of text of a Parquet file by full URL.

        Raises:
            LandingError: it is missing, no Parquet file, or has no such column.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            with self._fs.open(self._fs._strip_protocol(url), "rb") as handle:
                return set(pq.read_table(handle, columns=[column])[column].unique().to_pylist())
        except (OSError, KeyError, pa.ArrowInvalid) as error:
            raise LandingError(f"{url} cannot be read as Parquet with a column {column!r}") from error

    def verify(self, part: Part) -> None:
        """Check that a part is the file its manifest describes, holding a piece of it in memory at a time.

        Raises:
            LandingError: it is missing, or its size or checksum differ.
        """
        try:
            with self._fs.open(self._fs._strip_protocol(part.url), "rb") as handle:
                checksum = hashlib.file_digest(handle, "sha256").hexdigest()
                size = handle.tell()
        except OSError as error:
            raise LandingError(f"{part.url} cannot be read ({error.strerror or error})") from error
        if size != part.bytes or checksum != part.sha256:
            raise LandingError(
                f"{part.url} is not the file its manifest names (size or checksum differ): "
                "clear the extract task, so that a new attempt lands it again"
            )

    def reserve_attempt(self, tenant_id: str, resource: str, run_id: str, *, after: int = 0) -> int:
        """Return a number that no other attempt of the run has or will get.

        It is greater than `after` and than any that left a trace, and taken by creating a file that must not
        exist: of two processes that take one run for theirs at the same moment, the second goes on to the next.

        Raises:
            LandingError: the area is not writable.
        """
        number = max(after, self._greatest_attempt(tenant_id, resource, run_id))
        while True:
            number += 1
            if self._is_created(f"{self.prefix(tenant_id, resource, run_id, number)}/{RESERVED_NAME}"):
                return number

    def _greatest_attempt(self, tenant_id: str, resource: str, run_id: str) -> int:
        parent = f"{self._root}/{self.prefix(tenant_id, resource, run_id, 1).rsplit('/', 1)[0]}"
        # An object store's listing may be older than another process' attempt.
        self._fs.invalidate_cache(parent)
        if not self._fs.exists(parent):
            return 0
        names = [
            str(path).rstrip("/").rsplit("attempt=", 1)[-1] for path in self._fs.ls(parent, detail=False)
        ]
        return max((int(name) for name in names if name.isdigit()), default=0)

    def _is_created(self, path: str) -> bool:
        """Create a file; False when it exists, even if it appeared a moment ago."""
        full = f"{self._root}/{path}"
        try:
            self._in_folder(path)
            # `pipe_file(mode="create")` looks first and writes then where files are local; opening with `x` does
            # it in one step, and object stores turn it into a conditional put.
            with self._fs.open(full, "xb") as handle:
                handle.write(f"{os.getpid()}@{socket.gethostname()}".encode())
        except FileExistsError:
            return False
        except OSError as error:
            # Not every object store's refusal of the condition arrives as FileExistsError.
            self._fs.invalidate_cache()
            with suppress(OSError):
                if self._fs.exists(full):
                    return False
            raise self._not_writable(error) from error
        return True


def keep_to_owner() -> None:
    """Let whatever this process writes from now on be read by its own user alone.

    Landed rows, quarantine and warehouse files say what persons bought. What readers are to see is opened to them where
    it is published.
    """
    os.umask(os.umask(0o077) | 0o077)


def safe_key(text: str) -> str:
    """Return a run id as a path segment: what is not a letter, digit, dot, dash or underscore becomes `_`."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", text)
