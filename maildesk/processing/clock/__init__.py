"""Deadlines, SLA notifications and scheduled reports."""
