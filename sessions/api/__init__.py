"""The HTTP API below `/api`: the same querysets and services as the pages."""
