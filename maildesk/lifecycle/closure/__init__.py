"""Resolving, accepting, rejecting and closing a ticket."""
