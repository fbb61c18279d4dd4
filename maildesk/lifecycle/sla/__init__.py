"""SLA policies, timers, business hours and escalation."""
