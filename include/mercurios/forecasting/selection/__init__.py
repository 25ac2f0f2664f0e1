"""Which method is published for a series: backtests, accuracy, combination, monitoring."""
