"""The `#` commands of agents."""
