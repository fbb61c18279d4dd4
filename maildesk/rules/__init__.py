"""What the desk does by itself with a ticket: rules checked when loaded, run in order. Pure."""
