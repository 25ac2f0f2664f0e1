"""History replayed week by week, to see what the product's orders would have cost and saved against simple rules."""
