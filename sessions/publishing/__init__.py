"""How a session gets from a request into the tables of a server."""
