"""One word for one thing, and the ordinary one: old names and phrases must not come back."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ITSELF = "tests/project/test_vocabulary.py"

# Old term (a regular expression; an underscore counts as a space) -> the ordinary word. Case matters where a term is
# a class. A literal of a single word is data: a tenant called "nobody", a name in an older file.
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
    r"(?<!rename column is stable to )\b(un|is |was )settled\b": "stable",
    r"\b[Tt]elling\b": "reporting",
    r"^[^\w\n]*Say\b": "record, return, send",
    r"\b(untold)\b": "unreported",
    r"(?<!rename column held for review to )\bwithheld\b": "held for review",
    r"^ *(def )?(gone|living)\b(?= =(?!=)|\(|: |, \w+ = )": "deleted, active",
    r"\bliving (articles?|goods|rows?|series|sizes?|weeks?)\b": "active, with demand",
    r"\bAnswer\b(?=[:(\]]| \|)|\banswer\.(body|content|headers|json|ok|raise for status|status|text)\b": "response",
    r"\b(is|are|was|were|as|unless|otherwise) told\b": "receives, gets, reported",
    r"\b[Tt]old (by|otherwise|before|with)\b": "recognised by, reported",
    r"\b[Ss]t(ands?|ood) in\b": "replaces, is in",
    r"\banew\b": "again",
    r"\bby hand\b": "manually",
    r"\b[Ww]hat came of\b|\bbecame of\b": "what happened to, outcome",
    r"\bheld against\b": "compared with",
    r"\bis none\b": "does not exist, is not one",
    r"\bas far as it reaches\b": "for the weeks it covers",
    r"\b([Nn]o|[Ss]ome|[Ee]very|[Aa]ny)body\b": "no one, a person, every user, or the passive",
    r"\b[Ss]ays? whether\b|\b[Tt]ells? (whether|if)\b": "returns, shows whether",
    r"\b[Dd]oors?\b": "check, authentication",
    r"\b[Rr]eckon": "compute",
    r"\bADRs? (?=\d)": "decision",
    r"\b[Aa]n answer (with|is|on)\b|\b(error|trickling|API's) answers?\b|\btoken answer\b": "response",
    r"^ *(async )?(def )?(spare|drag|own|of|told)(: [\w\[\], |]+)? \+?=(?!=)": "the name of the quantity",
}
PATTERNS = {re.compile(term, re.MULTILINE): word for term, word in WORDS.items()}


def _is_data(text: str, start: int, end: int) -> bool:
    """Return whether a term is all or a part of a literal of one word."""
    before = re.search(r"(['\"`])[\w-]*$", text[max(start - 80, 0) : start])
    after = re.match(r"[\w-]+(['\"`])", text[start : end + 80])
    return bool(before and after and before[1] == after[1] and after.end() > end - start)


def findings(name: str, text: str) -> Iterator[str]:
    """Yield the old terms of a text, each with its place and the word to use."""
    spaced = text.replace("_", " ")
    for pattern, word in PATTERNS.items():
        for found in pattern.finditer(spaced):
            if not _is_data(text, *found.span()):
                number = text.count("\n", 0, found.start()) + 1
                yield f"{name}:{number}: {found[0].strip()!r}: write {word!r}"


def tracked(root: Path) -> dict[str, str]:
    """Return the tracked files that are text, by name."""
    command = ["git", "ls-files", "-z"]
    names = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout.split("\0")
    contents = {
        name: (root / name).read_bytes()
        for name in names
        if name and name != ITSELF and (root / name).is_file()
    }
    return {name: content.decode() for name, content in contents.items() if b"\0" not in content}


def test_no_old_term_is_left(root: Path) -> None:
    texts = tracked(root)

    found = [each for name, text in texts.items() for each in findings(name, text)]

    assert texts.keys() > {"CHANGELOG.md", "DECISIONS.md", "SECURITY.md", "Dockerfile", "pyproject.toml"}
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("the zygote forks", "fork server"),
        ("class Player:", "worker"),
        ("def test_a_rival_is_slower(): ...", "competitor"),
        ("Nobody knows.", "no one, a person, every user, or the passive"),
        ('"what nobody reads"', "no one, a person, every user, or the passive"),
        ('"a value that is told",', "receives, gets, reported"),
        ("ids are computed anew", "again"),
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
        "('load_ledger', 'is_settled')",
        "the column `withheld`",
    ],
)
def test_an_ordinary_line_is_not_found(line: str) -> None:
    assert list(findings("a.py", line)) == []
