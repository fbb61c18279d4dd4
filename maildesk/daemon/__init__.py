"""Starts and supervises the services of a running service desk."""
