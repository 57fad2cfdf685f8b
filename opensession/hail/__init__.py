"""HAIL, the Human AI Interaction Log: values, codec and the pure functions on them. Imports no Django."""
