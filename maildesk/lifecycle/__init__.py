"""Decides what happens to a ticket: no I/O, no clock, no randomness. See `decide`."""
