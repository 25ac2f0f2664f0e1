"""Public holidays for panels from files, which have no tenant file."""

from __future__ import annotations

from datetime import date

from mercurios.forecasting.panel.panel import Panel


def holidays_of(panel: Panel, horizon: int, country: str | None, region: str | None) -> tuple[date, ...]:
    """Return the public holidays of history and horizon; none without a country.

    Args:
        panel: the history.
        horizon: periods beyond it.
        country: code such as `DE`.
        region: code such as `BY`; the whole country when omitted.

    Raises:
        ValueError: the country or region is unknown, or the country of a region is missing.
    """
    if country is None:
        if region is not None:
            raise ValueError(f"a region of public holidays needs its country, which {region} does not say")
        return ()
    import holidays

    end = panel.cadence.starts(panel.week_starts[-1], horizon + 2)[-1]
    years = range(panel.week_starts[0].item().year, end.item().year + 1)
    try:
        return tuple(holidays.country_holidays(country, subdiv=region, years=years))
    # How the library says that it knows no such place.
    except NotImplementedError as error:
        raise ValueError(f"no public holidays are known for {country} {region or ''}: {error}") from error
