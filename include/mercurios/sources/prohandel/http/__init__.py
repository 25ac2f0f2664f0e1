"""Requests to the API: transport, budget, retries, tokens, responses and errors. It knows nothing of rows and pages."""
