"""Outgoing mail: composed as bytes, stored as a row, delivered over SMTP."""
