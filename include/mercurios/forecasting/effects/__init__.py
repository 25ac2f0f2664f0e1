"""What moves demand apart from a series' level: calendar, seasons, promotions, prices."""
