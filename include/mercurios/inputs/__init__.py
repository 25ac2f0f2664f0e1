"""What people write or save for the product: settings in YAML, and tables as programs save them."""
