"""The marts of schema `analytics`, by the DAG that makes them and may therefore publish them."""

from __future__ import annotations

PIPELINE_MARTS = (
    "dim_article",
    "dim_branch",
    "dim_date",
    "fct_demand_weekly",
    "fct_sales",
    "inventory_position",
)
FORECAST_MARTS = ("forecast_weekly",)
