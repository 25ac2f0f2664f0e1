"""What happens to a tenant while the clock moves."""
