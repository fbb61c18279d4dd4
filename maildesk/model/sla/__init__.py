"""What SLA targets measure, and the timers of a ticket."""
