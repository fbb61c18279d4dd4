"""The services of a running desk: wiring and supervision."""
