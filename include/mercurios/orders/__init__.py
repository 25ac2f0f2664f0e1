"""From forecast to order: what a retailer decides itself; the formulas are dbt models."""
