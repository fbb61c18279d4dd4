"""Statuses and legal transitions."""
