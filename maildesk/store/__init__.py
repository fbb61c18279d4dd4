"""The database: tables that never leave this room, transactions, and read-only views.

Functions here take an open `Connection` and commit nothing: the shell that opened the
transaction does, once.
"""
