"""What the sheets of the workbook hold: their columns, in the words of a buyer's language."""

from __future__ import annotations

from typing import NamedTuple

from mercurios.measures import measures

_GERMAN_SPEAKING = ("AT", "CH", "DE", "LI")

MONEY, UNITS, NUMBER, SHARE, TEXT, FLAG = "#,##0.00", "#,##0.##", "0", "0%", "@", "General"
# Written as each language writes days.
DAY = "day"
DAY_FORMS = {"en": "yyyy-mm-dd", "de": "dd.mm.yyyy"}


class Column(NamedTuple):
    """A column of a sheet; `total` is whether its sum is worth something.

    A measure has no heading of its own: it is that of the dictionary of measures.
    """

    name: str
    en: str | None = None
    de: str | None = None
    form: str = TEXT
    total: bool = False

    def heading(self, language: str) -> str:
        """Return the heading in a language."""
        heading = self.de if language == "de" else self.en
        return heading or measures()[self.name].label(language)


def _measure(name: str, form: str, total: bool = False) -> Column:
    return Column(name, form=form, total=total)


class Sheet(NamedTuple):
    """A sheet of actions."""

    actions: tuple[str, ...]
    en: str
    de: str
    columns: tuple[Column, ...]

    def name(self, language: str) -> str:
        """Return the name in a language."""
        return self.de if language == "de" else self.en


def language_of(country: str | None) -> str:
    """Return the language that buyers of a country read."""
    return "de" if country in _GERMAN_SPEAKING else "en"


def word(text: str, language: str) -> str:
    """Return a word or sentence of the workbook in a language."""
    return _GERMAN.get(text, text) if language == "de" else text


_GERMAN = {
    "Overview": "Übersicht",
    "No supplier": "Ohne Lieferant",
    "Total": "Summe",
    "What to do": "Was zu tun ist",
    "Proposed orders by supplier": "Bestellvorschläge nach Lieferant",
    "Order to": "Bestellung an",
    "Nothing has to be done.": "Es ist nichts zu tun.",
    "not published": "nicht veröffentlicht",
    "published": "veröffentlicht",
    "prices in": "Preise in",
    "high": "hoch",
    "medium": "mittel",
    "low": "niedrig",
    "policy": "Vorgabe",
    "learned": "gelernt",
    "none": "keine",
    "budget": "Budget",
    "supplier minimum": "Mindestbestellwert",
    "cancel": "stornieren",
    "reduce": "kürzen",
    "live": "veröffentlichte Prognosen",
    "backtest": "Rückrechnung",
    "not measured": "nicht gemessen",
    "no forecast": "keine Prognose",
    "no demand expected": "kein Bedarf erwartet",
    "lasts for years": "reicht jahrelang",
    "article as a whole": "Artikel im Ganzen",
    "no purchase price": "kein Einkaufspreis",
    "no net purchase price": "kein Netto-Einkaufspreis",
    "no rate of exchange": "kein Wechselkurs",
    "at least": "mindestens",
}

_ARTICLE = (
    Column("article_number", "Article", "Artikel", NUMBER),
    Column("article_name", "Name", "Bezeichnung"),
    Column("size", "Size", "Größe"),
    Column("colour", "Colour", "Farbe"),
    Column("season_name", "Season", "Saison"),
    Column("category_name", "Category", "Warengruppe"),
    _measure("purchase_price", MONEY),
    _measure("label_price", MONEY),
    _measure("entry_markup", MONEY),
)
_SUPPLIER = Column("supplier_name", "Supplier", "Lieferant")
_BRANCH = Column("branch_name", "Branch", "Filiale")
_DUE = Column("due_on", "Do by", "Spätestens", DAY)
_ARRIVES = Column("arrives_on", "Arrives", "Lieferung", DAY)
_ORDER = Column("order_number", "Order", "Bestellung")
_FIGURES = (
    _measure("sold_4_weeks", UNITS),
    _measure("sold_13_weeks", UNITS),
    _measure("free_stock", UNITS),
    _measure("on_order", UNITS),
    Column("next_arrival_on", "Next arrival", "Nächste Lieferung", DAY),
    Column("stock_out_on", "Runs out", "Ausverkauft am", DAY),
    Column("supply_note", "No day, because", "Kein Tag, denn"),
    _measure("demand_units", UNITS),
    Column("demand_until", "Demand until", "Bedarf bis", DAY),
    _measure("level_units", UNITS),
    _measure("forgone_units", UNITS),
    _measure("forecast_error", SHARE),
    _measure("forecast_bias", SHARE),
    Column("forecast_error_source", "Error measured on", "Fehler gemessen an"),
)
_MISSED = (
    Column("units_at_stake", "Units missed", "Fehlmenge", UNITS),
    _measure("margin_at_risk", MONEY, total=True),
)
_COST_NOTE = Column("cost_note", "No cost, because", "Kein Einkaufswert, denn")
_LEFT = (_measure("value_at_stake", MONEY, total=True), _COST_NOTE)
_PACK = (
    _measure("pack_size", UNITS),
    Column("pack_source", "Pack from", "Packung aus"),
    _measure("minimum_order_units", UNITS),
    Column("minimum_source", "Minimum from", "Mindestmenge aus"),
)
_COST = (Column("cost", "Cost", "Einkaufswert", MONEY, total=True), _COST_NOTE)
_WHY = (
    Column("why", "Why", "Begründung"),
    Column("note", "Your decision", "Ihre Entscheidung"),
)


def _units(en: str, de: str) -> Column:
    return Column("units", en, de, UNITS, total=True)


_ORDER_LINE = (
    Column("due_on", "Order by", "Bestellen bis", DAY),
    Column("is_late", "Late", "Zu spät", FLAG),
    _SUPPLIER,
    *_ARTICLE,
    _BRANCH,
    _units("Units", "Menge"),
    *_PACK,
    *_COST,
    *_MISSED,
    *_FIGURES,
    _ARRIVES,
    _measure("priority", NUMBER),
    Column("confidence", "Confidence", "Sicherheit"),
    *_WHY,
)
ORDERS = Sheet(("order",), "Orders", "Bestellungen", _ORDER_LINE)
# The action of an order line that the budget or its supplier's minimum keeps from being placed.
WAITING = "waiting"
WAITING_ORDERS = Sheet(
    (WAITING,),
    "Waiting orders",
    "Wartende Bestellungen",
    (
        Column("waits_for", "Waits for", "Wartet auf"),
        Column("waits_until", "Limit", "Grenze", MONEY),
        *_ORDER_LINE,
    ),
)
ACTION_SHEETS = (
    ORDERS,
    WAITING_ORDERS,
    Sheet(
        ("expedite",),
        "Expedite",
        "Vorziehen",
        (
            Column("due_on", "Wanted by", "Benötigt bis", DAY),
            _SUPPLIER,
            _ORDER,
            _ARRIVES,
            *_ARTICLE,
            _BRANCH,
            _units("Units", "Menge"),
            *_MISSED,
            *_FIGURES,
            *_WHY,
        ),
    ),
    Sheet(
        ("transfer",),
        "Transfers",
        "Umlagerungen",
        (
            _DUE,
            *_ARTICLE,
            Column("from_branch_name", "From", "Von"),
            Column("branch_name", "To", "Nach"),
            _units("Units", "Menge"),
            *_MISSED,
            *_FIGURES,
            *_WHY,
        ),
    ),
    Sheet(
        ("mark down",),
        "Markdowns",
        "Abschriften",
        (_DUE, _SUPPLIER, *_ARTICLE, _units("Units", "Menge"), *_LEFT, *_FIGURES, *_WHY),
    ),
    Sheet(
        ("decide",),
        "Decisions",
        "Entscheidungen",
        (
            _SUPPLIER,
            *_ARTICLE,
            _units("Units, if ordered", "Menge, wenn bestellt"),
            *_PACK,
            *_COST,
            *_MISSED,
            _ARRIVES,
            *_FIGURES,
            *_WHY,
        ),
    ),
    Sheet(
        ("cancel", "reduce"),
        "Cancel or reduce",
        "Stornieren oder kürzen",
        (
            _DUE,
            Column("action", "Action", "Maßnahme"),
            _SUPPLIER,
            _ORDER,
            _ARRIVES,
            *_ARTICLE,
            _BRANCH,
            _units("Units less", "Menge weniger"),
            *_LEFT,
            *_FIGURES,
            *_WHY,
        ),
    ),
)
# What a supplier needs and nothing of what the buyer earns.
SUPPLIER_COLUMNS = (
    Column("supplier_article_number", "Your article", "Ihre Artikelnummer"),
    Column("article_number", "Our article", "Unsere Artikelnummer", NUMBER),
    Column("article_name", "Name", "Bezeichnung"),
    Column("colour", "Colour", "Farbe"),
    Column("size", "Size", "Größe"),
    Column("ean", "EAN", "EAN"),
    Column("branch_name", "Deliver to", "Lieferung an"),
    Column("units", "Units", "Menge", UNITS, total=True),
    _measure("pack_size", UNITS),
    Column("purchase_price", "Unit price", "Einzelpreis", MONEY),
    Column("cost", "Cost", "Wert", MONEY, total=True),
)
SUMMARY_COLUMNS = (
    Column("sheet", "Action", "Maßnahme"),
    Column("lines", "Lines", "Zeilen", UNITS, total=True),
    Column("urgent", "Due within a week", "Fällig in einer Woche", UNITS, total=True),
    Column("units", "Units", "Menge", UNITS),
    Column("cost", "Cost", "Einkaufswert", MONEY, total=True),
    _measure("margin_at_risk", MONEY, total=True),
    _measure("value_at_stake", MONEY, total=True),
    Column("minor", "Left out as minor", "Als gering ausgelassen", UNITS, total=True),
    Column("minor_value", "Their value", "Deren Wert", MONEY, total=True),
)
OVERVIEW_COLUMNS = (
    Column("sheet", "Supplier", "Lieferant"),
    Column("supplier_number", "Number", "Nummer", NUMBER),
    Column("lines", "Lines", "Zeilen", UNITS, total=True),
    Column("units", "Units", "Menge", UNITS, total=True),
    Column("cost", "Cost", "Einkaufswert", MONEY, total=True),
    _measure("margin_at_risk", MONEY, total=True),
    Column("due_on", "Order by", "Bestellen bis", DAY),
    Column("late", "Late lines", "Zu späte Zeilen", UNITS, total=True),
    Column("below_minimum", "Wait for the minimum", "Warten auf Mindestwert", UNITS, total=True),
    Column("beyond_budget", "Wait for the budget", "Warten auf Budget", UNITS, total=True),
)
