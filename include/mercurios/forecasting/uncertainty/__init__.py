"""How wrong a forecast may be: quantiles of single periods and of their sums."""
