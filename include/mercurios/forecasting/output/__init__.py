"""What a forecast run returns: the model, tables, files, explanations, plots, a summary."""
