"""Related tickets: parents, children, merges and splits."""
