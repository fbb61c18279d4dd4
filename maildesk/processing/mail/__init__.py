"""A mail's way through the pipeline to one disposition."""
