"""Public holidays of two regions, by the rules of their laws and a table of Easter: no library is asked."""

from __future__ import annotations

from datetime import date, timedelta

EASTER = {
    2022: (4, 17),
    2023: (4, 9),
    2024: (3, 31),
    2025: (4, 20),
    2026: (4, 5),
    2027: (3, 28),
    2028: (4, 16),
    2029: (4, 1),
    2030: (4, 21),
    2031: (4, 13),
    2032: (3, 28),
}
DAY = timedelta(days=1)
SATURDAY = 6


def holidays_of(country: str, region: str, year: int) -> dict[date, str]:
    """Return the public holidays of a year by day, each named as its country names it.

    Args:
        country: code of the country.
        region: code of its part.
        year: one of those whose Easter is known here.
    """
    return {("DE", "BY"): bavaria, ("GB", "ENG"): england}[country, region](year)


def bavaria(year: int) -> dict[date, str]:
    """Return those of Bavaria; Assumption Day is one only in communities that are mostly Catholic."""
    easter = date(year, *EASTER[year])
    return {
        date(year, 1, 1): "Neujahr",
        date(year, 1, 6): "Heilige Drei Könige",
        easter - 2 * DAY: "Karfreitag",
        easter + DAY: "Ostermontag",
        date(year, 5, 1): "Erster Mai",
        easter + 39 * DAY: "Christi Himmelfahrt",
        easter + 50 * DAY: "Pfingstmontag",
        easter + 60 * DAY: "Fronleichnam",
        date(year, 10, 3): "Tag der Deutschen Einheit",
        date(year, 11, 1): "Allerheiligen",
        date(year, 12, 25): "Erster Weihnachtstag",
        date(year, 12, 26): "Zweiter Weihnachtstag",
    }


def england(year: int) -> dict[date, str]:
    """Return those of England from 2024 on; what falls on a weekend is observed on the next working day too.

    The years before had days for a jubilee, a funeral and a coronation.
    """
    easter = date(year, *EASTER[year])
    found = {
        easter - 2 * DAY: "Good Friday",
        easter + DAY: "Easter Monday",
        monday_from(date(year, 5, 1)): "May Day",
        monday_from(date(year, 5, 25)): "Spring Bank Holiday",
        monday_from(date(year, 8, 25)): "Late Summer Bank Holiday",
    }
    fixed = {
        date(year, 1, 1): "New Year's Day",
        date(year, 12, 25): "Christmas Day",
        date(year, 12, 26): "Boxing Day",
    }
    found |= fixed
    for at, name in fixed.items():
        observed = at
        while observed.isoweekday() >= SATURDAY or (observed != at and observed in found):
            observed += DAY
        if observed != at:
            found[observed] = f"{name} (observed)"
    return found


def monday_from(at: date) -> date:
    """Return the first Monday from a day on."""
    return at + timedelta(days=-at.weekday() % 7)
