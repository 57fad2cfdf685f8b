"""The places of logs that are folders of several files."""
