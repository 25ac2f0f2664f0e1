"""Forecast methods; each forecasts every series of a panel at once."""
