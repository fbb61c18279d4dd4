"""Read-only queries for listings, reports and checks."""
