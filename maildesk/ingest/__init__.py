"""A mail's way in: from a server to raw bytes, from raw bytes to a reading."""
