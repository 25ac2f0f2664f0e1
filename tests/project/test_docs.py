"""Documents name only what exists: paths, links, commands with their options, make targets."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from mercurios.cli.main import app

QUESTIONS = ("a resource", "a KPI", "a tenant", "an alert", "a source", "a warehouse", "the order rule")
SECTIONS = ("Context", "Decision", "Consequences")
TOP = ("benchmarks", "dags", "docs", "include", "plugins", "tests")
# What a run writes, and what a reader puts in.
WRITTEN = ("include/dbt/target/", "include/tenants/ID.yaml", "include/tenants/shop.yaml")
# What a controller signs: the kinds of figures, by what they are about.
SECTIONS_OF_FIGURES = (
    *("Windows", "Kinds of lines", "Rates", "Revenue, tax and margin", "Stock and supply"),
    *("Life of an article", "Orders and actions", "Forecast", "Words and the calendar"),
    *("The workbook and the data product", "Faults that end in orders"),
)
# The line below the title of a decision: its date, and whether it still holds.
STATUS = re.compile(
    r"^(\d{4}-\d\d-\d\d) · (accepted|accepted, in part replaced by \d{4}|replaced by \d{4})$", re.MULTILINE
)
PLACEHOLDER = re.compile(r"<\w+>|\bNAME\b|…")


def _documents(root: Path) -> list[Path]:
    return [*sorted(root.glob("*.md")), *sorted((root / "docs").rglob("*.md"))]


def _words(text: str) -> Iterator[str]:
    """Yield the words of code in a document: what stands between backticks, and in blocks."""
    for span in re.findall(r"`([^`]+)`", text.replace("```", "`")):
        yield from span.split()


def _paths(text: str) -> set[str]:
    words = {word.strip(",;:()'\"").partition("::")[0] for word in _words(text)}
    return {
        word
        for word in words
        if word.partition("/")[0] in TOP and "/" in word and not PLACEHOLDER.search(word)
    }


def _missing(root: Path, path: str) -> bool:
    if path.startswith(WRITTEN):
        return False
    return not any(root.glob(path)) if "*" in path else not (root / path).exists()


def _links(text: str) -> list[str]:
    found = re.findall(r"\]\(([^)#\s]+)(?:#[\w-]*)?\)", text)
    return [link for link in found if "://" not in link]


def test_every_path_in_a_document_exists(root: Path) -> None:
    missing = {
        f"{path.relative_to(root)}: {name}"
        for path in _documents(root)
        for name in _paths(path.read_text(encoding="utf-8"))
        if _missing(root, name)
    }

    assert sorted(missing) == []


def test_every_link_in_a_document_leads_somewhere(root: Path) -> None:
    broken = [
        f"{path.relative_to(root)}: {link}"
        for path in _documents(root)
        for link in _links(path.read_text(encoding="utf-8"))
        if not (path.parent / link).exists()
    ]

    assert broken == []


def _reachable(root: Path) -> set[Path]:
    """Return the documents that links lead to from the README."""
    found, left = set[Path](), [root / "README.md"]
    while left:
        page = left.pop()
        if page in found or page.suffix != ".md":
            continue
        found.add(page)
        left += [(page.parent / link).resolve() for link in _links(page.read_text(encoding="utf-8"))]
    return found


def test_links_lead_from_the_readme_to_every_page(root: Path) -> None:
    pages = {path.resolve() for path in (root / "docs").rglob("*.md")}

    assert sorted(str(path.relative_to(root)) for path in pages - _reachable(root.resolve())) == []


def test_the_checks_of_paths_and_links_find_what_is_missing(root: Path) -> None:
    text = "see `include/mercurios/nowhere.py`, `include/sql/<engine>/x.sql` and [a page](nowhere.md)"

    assert [path for path in _paths(text) if _missing(root, path)] == ["include/mercurios/nowhere.py"]
    assert _links(text) == ["nowhere.md"]


def test_the_architecture_answers_the_seven_questions_with_paths(root: Path) -> None:
    text = (root / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = text.partition("## Where do I")[2].partition("\n## ")[0]
    answers = dict(re.findall(r"^\| (.+?)\? \| (.+) \|$", table, re.M))

    assert [question.partition(" ")[2] for question in answers] == list(QUESTIONS)
    assert [question for question, answer in answers.items() if not _paths(answer)] == []


def test_the_architecture_names_every_package(root: Path) -> None:
    text = (root / "docs" / "architecture.md").read_text(encoding="utf-8")
    packages = {path.parent.name for path in (root / "include" / "mercurios").glob("*/__init__.py")}

    assert [name for name in sorted(packages) if f"`include/mercurios/{name}/`" not in text] == []


def _command_lines(text: str) -> list[str]:
    """Return the command lines of this project's program, without comments and optional marks."""
    lines = re.findall(r"python -m mercurios( [^`\n#|]*)", text)
    return [line.replace("[", "").replace("]", "").strip() for line in lines]


def _wrong_command(line: str) -> str | None:
    """Return what is wrong with a command line: no such command, or no such option."""
    words = shlex.split(line)
    command: Any = get_command(app)
    while words and hasattr(command, "commands"):
        if words[0].startswith("--") or words[0] == "COMMAND":
            return None
        if words[0] not in command.commands:
            return f"no command {words[0]}"
        command = command.commands[words.pop(0)]
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    unknown = [word for word in words if word.startswith("--") and word.partition("=")[0] not in known]
    return f"no option {', '.join(unknown)}" if unknown else None


def test_every_command_in_a_document_exists_with_its_options(root: Path) -> None:
    wrong = [
        f"{path.relative_to(root)}: {line}: {problem}"
        for path in _documents(root)
        for line in _command_lines(path.read_text(encoding="utf-8"))
        if (problem := _wrong_command(line))
    ]

    assert wrong == []


def test_the_check_of_commands_finds_what_is_wrong() -> None:
    assert _wrong_command("ledger --tenant x") is None
    assert _wrong_command("nothing") == "no command nothing"
    assert _wrong_command("ledger --nothing 1") == "no option --nothing"


def test_every_make_target_in_a_document_exists(root: Path) -> None:
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.M)) | {"include/dbt/target/manifest.json"}
    wrong = [
        f"{path.relative_to(root)}: make {target}"
        for path in _documents(root)
        for target in re.findall(r"(?:`|^\s*)make ([a-z][\w./-]*)", path.read_text(encoding="utf-8"), re.M)
        if target not in targets
    ]

    assert wrong == []


def test_every_decision_is_complete_dated_and_in_the_index(root: Path) -> None:
    records = sorted((root / "docs" / "decisions").glob("*.md"))
    index = (root / "DECISIONS.md").read_text(encoding="utf-8")

    assert [int(path.name[:4]) for path in records] == list(range(1, len(records) + 1))
    for path in records:
        text = path.read_text(encoding="utf-8")
        assert text.startswith(f"# {path.name[:4]} "), path.name
        stated = STATUS.search(text)
        assert stated, path.name
        assert re.findall(r"^## (\w+)$", text, re.M) == list(SECTIONS), path.name
        entry = (
            rf"^\| \[{path.name[:4]}\]\(docs/decisions/{path.name}\) \| {stated[1]} \| .+ \| {stated[2]} \|$"
        )
        assert len(re.findall(entry, index, re.M)) == 1, path.name


def test_the_words_of_the_glossary_are_in_order(root: Path) -> None:
    text = (root / "docs" / "glossary.md").read_text(encoding="utf-8")
    words = re.findall(r"^\| (\w.*?) \| ", text.partition("| --- |")[2], re.MULTILINE)
    letters = [re.sub(r"[^a-z0-9 ,]", "", word.lower()) for word in words]

    assert len(words) > 40
    assert letters == sorted(letters)


def test_a_decision_that_code_or_a_document_cites_exists(root: Path) -> None:
    numbers = {path.name[:4] for path in (root / "docs" / "decisions").glob("*.md")}
    files = [
        path
        for top in TOP
        for pattern in ("*.py", "*.md", "*.sql", "*.yml", "*.yaml")
        for path in (root / top).rglob(pattern)
        if "target" not in path.parts and path != Path(__file__)
    ]
    cited = {
        (str(path.relative_to(root)), number)
        for path in files
        for number in re.findall(r"\bdecisions? (\d{4})\b", path.read_text(encoding="utf-8"), re.I)
    }

    assert cited
    assert sorted(each for each in cited if each[1] not in numbers) == []
    assert [str(path) for path in files if re.search(r"DECISIONS \d", path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("what", ["tenant", "resource", "source", "kpi", "alert", "warehouse"])
def test_there_is_a_how_to_for_everything_one_adds(root: Path, what: str) -> None:
    article = "an" if what == "alert" else "a"

    assert (root / "docs" / "how-to" / f"add-{article}-{what}.md").is_file()


def _rows(text: str) -> list[list[str]]:
    """Return the cells of every row of the tables of figures, without headings."""
    rows = [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in text.splitlines()
        if line[:2] == "| "
    ]
    return [row for row in rows if row[-1].strip("| ") not in ("test name", "---")]


def _tests(root: Path) -> set[str]:
    """Return the names of all tests: those of pytest, and those of dbt by their YAML or file."""
    found: set[str] = set()
    for path in (root / "tests").rglob("test_*.py"):
        found |= set(
            re.findall(r"^(?:async )?def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
        )
    for path in (root / "include" / "dbt" / "models").rglob("*.yml"):
        found |= set(re.findall(r"- name: (\w+)\n    model: ", path.read_text(encoding="utf-8")))
    return found | {path.stem for path in (root / "include" / "dbt" / "tests").rglob("*.sql")}


def _untested(text: str, tests: set[str]) -> list[str]:
    """Return the kinds of figures whose tests do not exist, or that name none."""
    found = []
    for row in _rows(text):
        names = [name for name in re.findall(r"`([^`]+)`", row[-1]) if not name.endswith(".py")]
        says = row[-1].startswith(("the same", "a figure of the workbook only"))
        found += [f"{row[0]}: {name}" for name in names if name not in tests]
        found += [] if names or says else [f"{row[0]}: no test"]
    return found


def test_every_kind_of_figure_names_tests_that_exist(root: Path) -> None:
    text = (root / "docs" / "figures.md").read_text(encoding="utf-8")

    assert len(_rows(text)) > 60
    assert _untested(text, _tests(root)) == []


def test_a_kind_of_figure_without_a_test_is_found() -> None:
    text = "| kind | rule | test name |\n| --- | --- | --- |\n| a | b | `test_a` |\n| c | d | |\n| e | f | `test_e` |"

    assert _untested(text, {"test_a"}) == ["c: no test", "e: test_e"]


@pytest.mark.parametrize("section", SECTIONS_OF_FIGURES)
def test_the_figures_have_a_table_for_every_room(root: Path, section: str) -> None:
    text = (root / "docs" / "figures.md").read_text(encoding="utf-8")

    [part] = [part for part in text.split("\n## ") if part.startswith(f"{section}\n")]
    assert len(_rows(part)) > 2
