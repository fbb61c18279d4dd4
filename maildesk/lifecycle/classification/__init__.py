"""Rules applied to a ticket."""
