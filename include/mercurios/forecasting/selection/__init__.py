"""Which methods are published for a series: backtests, what shards share, combination, accuracy, monitoring."""
