"""What `handoff` can do: a word names the action, and only its module is loaded."""
