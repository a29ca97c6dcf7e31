"""Decisions, records, tokens and checks."""
