"""Configuration files to one frozen Config, all errors at once."""
