"""Tickets and promises counted for those who run the desk. Pure."""
