"""Demand panels: reading, validating and describing series of article, branch and period."""
