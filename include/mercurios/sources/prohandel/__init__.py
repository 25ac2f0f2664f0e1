"""Reading ProHandel: the resource contract, the HTTP client, typing of rows, and extraction to landing."""
