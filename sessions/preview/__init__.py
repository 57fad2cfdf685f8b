"""A look at a session that lies elsewhere: sent along, or in a git repository. Nothing of it is stored.

`source` says what is asked for, `hosts` and `fetch` get it without reaching into our own network, `contained` parses it
in a process that can neither run nor grow for long, `service` joins them.
"""
