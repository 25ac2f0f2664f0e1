"""Tenants: one YAML file for each retailer, validated by one typed model."""
