"""Frozen values of the domain. This package imports nothing of maildesk and does no I/O."""
