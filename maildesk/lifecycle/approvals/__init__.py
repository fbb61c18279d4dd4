"""Approval requests, replies, substitutes, deadlines and outcomes."""
