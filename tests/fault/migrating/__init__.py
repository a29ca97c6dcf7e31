"""The schema changes while the service serves it."""
