"""Keeps runs: the local repository (stdlib sqlite3) that the command line needs."""
