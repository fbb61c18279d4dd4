"""Analysing mails in separate processes with limits."""
