"""The database: tables that never leave this package, transactions, and read-only queries.

The functions take an open `Connection` and do not commit; the caller that opened the transaction
commits once.
"""
