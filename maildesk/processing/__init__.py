"""The shell around the pure core: it opens the transaction, asks `decide`, and writes."""
