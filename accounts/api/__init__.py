"""Accounts over HTTP, below `/api/auth`."""
