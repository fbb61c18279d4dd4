"""Reports: ticket counts, SLA figures, frequent issues, schedules. Pure."""
