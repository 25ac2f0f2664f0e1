"""Requests to the API: transport, tokens, request rate, responses and errors."""
