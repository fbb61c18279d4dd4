"""Accepting mail by SMTP and LMTP."""
