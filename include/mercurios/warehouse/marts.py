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
# Held to their promises by dbt's own tests, which run in the same build, and published with the marts above.
PLANNING_MARTS = (
    "article_class",
    "article_sales_agg",
    "branch_performance",
    "daily_sales_agg",
    "demand_outlook",
    "inventory_daily",
    "inventory_issue",
    "inventory_kpi",
    "inventory_measure",
    "inventory_status",
    "markdown_candidate",
    "product_profitability",
    "replenishment_level",
    "replenishment_policy",
    "replenishment_position",
    "replenishment_proposal",
    "replenishment_transfer",
    "sales_weekly",
    "size_curve",
    "stock_age",
    "stock_out_spells",
    "supplier_lead_time",
    "warehouse_inventory_agg",
)
FORECAST_MARTS = ("forecast_accuracy", "forecast_protection", "forecast_weekly")
