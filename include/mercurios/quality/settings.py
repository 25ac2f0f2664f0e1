"""Settings of a tenant file that name nothing in the data: a finding once there is data, never an error before."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from itertools import groupby
from operator import itemgetter

from mercurios.inputs.keys import likeness
from mercurios.quality.checks import Severity
from mercurios.quality.validate import Outcome
from mercurios.tenants.run import Run
from mercurios.warehouse.engine import Engine
from mercurios.warehouse.sql import render

SUITE = "tenant file"
EXPECTATION = "expect_setting_to_name_something"
_SECTIONS = {
    "article": "replenishment.articles",
    "supplier": "replenishment.suppliers",
    "class": "replenishment.classes",
    "article_kind": "classification.articles",
    "supplier_kind": "classification.suppliers",
    "category_kind": "classification.categories",
}
_NEAR = 3
_MOST = 50


def setting_outcomes(engine: Engine, run: Run) -> list[Outcome]:
    """Return a warning for each setting whose article, supplier, category or class the marts have not.

    Args:
        engine: the tenant's open warehouse, its marts built.
        run: whose tenant.
    """
    key = {"tenant_id": run.tenant_id}
    unknown = engine.fetch_rows(render(engine.dialect, "settings_unknown", of_scope=False), key)
    found = []
    for scope, rows in groupby(unknown[:_MOST], itemgetter("scope")):
        asked = [str(row["scope_key"]) for row in rows]
        sql = render(engine.dialect, "settings_unknown", of_scope=True)
        names = engine.fetch_rows(sql, {**key, "scope": scope, "scope_key": asked[0]})
        known = {str(row["scope_key"]): str(row["shown"]) for row in names}
        found += [_outcome(f"{_SECTIONS[scope]}.{each}", each, known) for each in asked]
    if len(unknown) > _MOST:
        found.append(
            _outcome("(further settings)", "", {}, f"{len(unknown) - _MOST:,} more name nothing either")
        )
    return found


def _outcome(path: str, asked: str, known: Mapping[str, str], observed: str = "") -> Outcome:
    near = near_to(asked, known)
    said = f"it may mean {' or '.join(near)}" if near else "nothing is spelt like it"
    return Outcome(SUITE, EXPECTATION, path, Severity.WARNING, False, observed or said)


def near_to(asked: str, known: Mapping[str, str]) -> list[str]:
    """Return the numbers of what is spelt nearly as asked; a name from the data is shown by its number alone.

    Args:
        asked: a number or name.
        known: numbers by the names and numbers that there are.
    """
    like = likeness(asked)
    found = [shown for name, shown in known.items() if likeness(name) == like]
    if found:
        return list(dict.fromkeys(found))[:_NEAR]
    found += [known[each] for each in sorted(_one_digit_off(like)) if each in known]
    if not asked.isdecimal():
        found += [
            known[each] for each in get_close_matches(asked, [name for name in known if not name.isdecimal()])
        ]
    return list(dict.fromkeys(found))[:_NEAR]


def _one_digit_off(number: str) -> set[str]:
    """Return the numbers that one wrong, missing, further or swapped digit makes of one."""
    if not number.isdecimal():
        return set()
    parts = [(number[:place], number[place:]) for place in range(len(number) + 1)]
    digits = "0123456789"
    dropped = {left + right[1:] for left, right in parts if right}
    swapped = {left + right[1] + right[0] + right[2:] for left, right in parts if len(right) > 1}
    wrong = {left + digit + right[1:] for left, right in parts if right for digit in digits}
    further = {left + digit + right for left, right in parts for digit in digits}
    return (dropped | swapped | wrong | further) - {number, ""}
