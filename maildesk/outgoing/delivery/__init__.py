"""Delivery of outgoing mail by SMTP."""
