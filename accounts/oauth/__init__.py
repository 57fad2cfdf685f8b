"""Logging in with an account at GitHub or GitLab."""
