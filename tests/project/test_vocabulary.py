"""One word for one thing, and the ordinary one: old names and phrases must not come back."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

SCANNED = (
    "include",
    "plugins",
    "dags",
    "tests",
    "benchmarks",
    "docs",
    "README.md",
    "CONTRIBUTING.md",
    "Makefile",
    "requirements*.in",
)
SUFFIXES = {
    "",
    ".css",
    ".in",
    ".ini",
    ".j2",
    ".jinja",
    ".md",
    ".py",
    ".sql",
    ".toml",
    ".txt",
    ".yaml",
    ".yml",
}
ITSELF = "tests/project/test_vocabulary.py"

# Old term (a regular expression; an underscore counts as a space) -> the ordinary word. Case matters where a term is
# a class. A quotation mark right before or after a term is data: a tenant called "nobody", a name in an older file.
WORDS = {
    r"\b[Zz]ygotes?\b": "fork server",
    r"\b[Tt]wist(s|ed)?\b": "mutation",
    r"\b[Gg]limpses?\b": "probe",
    r"\b[Ss]lip(s|ped)?\b": "shift",
    r"\b[Pp]age edges?\b": "page boundary",
    r"\b[Nn]ewcomers?\b": "cold start, new article",
    r"\bkin\b": "similar items",
    r"\b[Gg]iants?\b": "outliers",
    r"\b[Ss]hocks?\b": "common error",
    r"\b[Ll]evers?\b": "regressor base",
    r"\b[Rr]ivals?\b": "competitor",
    r"\b[Pp]layers?\b": "worker",
    r"\bOrder ?[Dd]esk\b|\b[Dd]esk\b": "order simulator",
    r"\bArm\b|\barms\b": "variant",
    r"\bPace\b": "rate limiter",
    r"\b[Bb]elieved?\b": "complete",
    r"\b(un|is |was )settled\b": "stable",
    r"\b[Tt]elling\b": "reporting",
    r"^\s*\W*Say\b": "record, return, send",
    r"\b(untold)\b": "unreported",
    r"(?<!rename column held for review to )\bwithheld\b": "held for review",
    r"^\s*(def )?(gone|living)\b(?= =(?!=)|\(|: )": "deleted, active",
    r"\bAnswer\b(?=[:(\]]| \|)|\banswer\.(body|content|headers|json|ok|raise for status|status|text)\b": "response",
    r"\b(is|are|was|were|as|unless|otherwise) told\b": "receives, gets, reported",
    r"\b[Tt]old (by|otherwise|before|with)\b": "recognised by, reported",
    r"\b[Ss]tands? in\b": "replaces, is in",
    r"\banew\b": "again",
    r"\bby hand\b": "manually",
    r"\b[Ww]hat (became|came) of\b": "what happened to, outcome",
    r"\bheld against\b": "compared with",
    r"\bis none\b": "does not exist, is not one",
    r"\bas far as it reaches\b": "for the weeks it covers",
    r"\b([Nn]obody|[Ss]omebody)\b": "no one, a person, or the passive",
    r"\b[Ss]ays? whether\b": "returns, shows whether",
    r"^\s*(async )?(def )?(spare|drag|own|of)(: [\w\[\], |]+)? =(?!=)": "the name of the quantity",
}
PATTERNS = {re.compile(rf"(?<!['\"])(?:{term})(?!['\"/])"): word for term, word in WORDS.items()}


def findings(name: str, text: str) -> Iterator[str]:
    """Yield the old terms of a text, each with its place and the word to use."""
    for number, line in enumerate(text.splitlines(), start=1):
        for pattern, word in PATTERNS.items():
            if found := pattern.search(line.replace("_", " ")):
                yield f"{name}:{number}: {found[0].strip()!r}: write {word!r}"


def tracked(root: Path) -> list[str]:
    """Return the files that are scanned."""
    command = ["git", "ls-files", "-z", "--", *SCANNED]
    names = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout.split("\0")
    return [
        name
        for name in names
        if name and name != ITSELF and Path(name).suffix in SUFFIXES and (root / name).is_file()
    ]


def test_no_old_term_is_left(root: Path) -> None:
    names = tracked(root)

    texts = {name: (root / name).read_text(encoding="utf-8", errors="replace") for name in names}
    found = [each for name, text in texts.items() for each in findings(name, text)]

    assert len(names) > 400
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("from zygote import Zygote", "fork server"),
        ("class Player:", "worker"),
        ("def test_a_rival_is_slower(): ...", "competitor"),
        ("Nobody knows.", "no one, a person, or the passive"),
        ("ids are reckoned anew", "again"),
        ("    own = price * units", "the name of the quantity"),
        ("where there is none", "does not exist, is not one"),
        ("    gone = before - after", "deleted, active"),
        ("assert answer.json() == []", "response"),
        ('    """Say that rows are deleted."""', "record, return, send"),
    ],
)
def test_an_old_term_is_found_with_its_place_and_the_word_to_use(line: str, word: str) -> None:
    [found] = findings("a.py", f"ok\n{line}")

    assert found.startswith("a.py:2: ")
    assert found.endswith(f"write {word!r}")


@pytest.mark.parametrize(
    "line",
    [
        "next_arrival_on",
        "value is None",
        "lines = []",
        '"nobody"',
        "its own rows",
        "the file is gone",
        "the API answers",
    ],
)
def test_an_ordinary_line_is_not_found(line: str) -> None:
    assert list(findings("a.py", line)) == []
