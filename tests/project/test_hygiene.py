"""What must never be in the repository: secrets, and paths of a developer's machine."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

# The parts are joined here so that this file does not match itself.
SECRETS = {
    "AWS access key": r"\b(?:AKIA|ASIA)" + r"[0-9A-Z]{16}\b",
    "Slack token": r"\bxox[abeprs]-" + r"[0-9A-Za-z-]{10,}",
    "Slack webhook": r"hooks\.slack\.com/services/" + r"T[0-9A-Z]{6,}/B[0-9A-Z]{6,}/[0-9A-Za-z]{16,}",
    "GitHub token": r"\bgh[opsu]_" + r"[0-9A-Za-z]{30,}",
    "private key": r"-----BEGIN [A-Z ]*PRIVATE" + r" KEY-----\s+[A-Za-z0-9+/=]{40,}",
    "JSON web token": r"\beyJ[\w-]{20,}\." + r"eyJ[\w-]{20,}\.[\w-]{20,}",
    "URL with a password": r"://[^/\s:@'\"{}<>$]+:" + r"[^/\s:@'\"{}<>$*]{8,}@(?!localhost|127\.0\.0\.1)",
}
MACHINE_PATHS = r"(?<![\w.~$})/-])/(?:work|root|home|Users|tmp)/" + r"[A-Za-z0-9_.-]+"
SYNTHETIC = re.compile(r"synthetic|example|placeholder|not-a-|s3cret|hunter2", re.IGNORECASE)


@pytest.fixture(scope="module")
def tracked(root: Path) -> dict[str, str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout (the image carries no .git)")
    texts = {}
    for name in filter(None, listed.stdout.split("\0")):
        try:
            texts[name] = (root / name).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):
            # Binary data, or deleted in the work tree.
            continue
    return texts


def _matches(pattern: str, text: str) -> list[str]:
    return [match.group() for match in re.finditer(pattern, text) if not SYNTHETIC.search(match.group())]


@pytest.mark.parametrize("kind", SECRETS)
def test_no_tracked_file_holds_a_secret(tracked: dict[str, str], kind: str) -> None:
    # The name of the file is enough to find it; the value must not be repeated in a report.
    assert [name for name, text in tracked.items() if _matches(SECRETS[kind], text)] == []


def test_no_tracked_file_names_a_path_of_one_machine(tracked: dict[str, str]) -> None:
    found = {name: _matches(MACHINE_PATHS, text)[:3] for name, text in tracked.items()}

    assert {name: paths for name, paths in found.items() if paths} == {}


def test_the_patterns_find_what_they_are_for() -> None:
    planted = {
        "AWS access key": "AKIA" + "Q" * 16,
        "Slack token": "xoxb-" + "1" * 12,
        "Slack webhook": "https://hooks.slack.com/services/" + "T00000000/B00000000/" + "x" * 24,
        "GitHub token": "ghp_" + "a" * 36,
        "private key": "-----BEGIN PRIVATE" + " KEY-----\n" + "M" * 64,
        "JSON web token": "eyJ" + "h" * 24 + ".eyJ" + "p" * 24 + "." + "s" * 24,
        "URL with a password": "https://user:" + "pa55w0rd9@db.company.net",
    }

    assert {kind: bool(_matches(SECRETS[kind], text)) for kind, text in planted.items()} == dict.fromkeys(
        SECRETS, True
    )
    assert _matches(MACHINE_PATHS, "open('/" + "home/someone/file')")
