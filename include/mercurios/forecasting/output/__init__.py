"""What a forecast run returns: tables, files, explanations, plots, a summary."""
