"""Delivering outgoing mail by SMTP."""
