"""The licences of what the image installs, as the packages' own metadata say them, in the words of SPDX."""

from __future__ import annotations

import re
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.markers import Marker

REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements.txt"
_PIN = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?==[^ ;\\]+\s*(?:;(?P<marker>[^\\]*))?", re.MULTILINE
)
# The image's interpreter and system, whichever this machine has.
_IMAGE = {
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "python_full_version": "3.12.12",
    "python_version": "3.12",
    "sys_platform": "linux",
}
# What may be used, changed and sold with notices alone, or binds single files of the package itself (MPL).
ALLOWED = frozenset(
    {
        "0BSD", "Apache-2.0", "Artistic-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MIT-0",
        "MPL-2.0", "PSF-2.0", "Unlicense", "Zlib",
    }
)  # fmt: skip
# Packages whose metadata do not say it, or leave a choice that is made here; where it was looked up.
DECIDED = {
    "openlineage-sql": ("Apache-2.0", "the licence of its repository, OpenLineage/OpenLineage"),
    "text-unidecode": ("Artistic-2.0", "the first of the two that its file LICENSE lets one choose from"),
}
_SPDX = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
}


def installed_in_the_image() -> list[str]:
    """Return the names of what the image installs."""
    found = _PIN.finditer(REQUIREMENTS.read_text(encoding="utf-8"))
    return [
        pin["name"] for pin in found if not pin["marker"] or Marker(pin["marker"].strip()).evaluate(_IMAGE)
    ]


def licence_of(name: str) -> str:
    """Return the licence of an installed package as an expression; "unknown" where nothing says it."""
    if name in DECIDED:
        return DECIDED[name][0]
    metadata = distribution(name).metadata
    expression = metadata.get("License-Expression")
    return str(expression) if expression else _older(distribution(name))


def _older(package: Distribution) -> str:
    """Return what a package says that was made before metadata had an expression."""
    marked = [line for line in package.metadata.get_all("Classifier", []) if line.startswith("License")]
    names = [line.rpartition(" :: ")[2] for line in marked if not line.endswith("OSI Approved")]
    text = str(package.metadata.get("License") or "").strip().partition("\n")[0]
    return " AND ".join(_SPDX.get(name, name) for name in names or [text]) or "unknown"


def is_allowed(expression: str) -> bool:
    """Return whether one of the licences of a choice may be used, and all that hold together."""
    words = re.findall(r"\(|\)|[^\s()]+", expression)
    if any(word not in ALLOWED | {"AND", "OR", "(", ")"} for word in words):
        # Of a choice one is enough; what stands together needs all.
        return "AND" not in words and any(word in ALLOWED for word in words[::2]) and "OR" in words
    return bool(words)
