"""What happens to a ticket. Pure: no I/O, no clock, no randomness; `decide` is the door."""
