"""Mail servers: how raw mail reaches the journal."""
