"""HTML of strangers: as text for people to read, or cleaned for a page."""
