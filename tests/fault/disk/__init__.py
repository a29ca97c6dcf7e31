"""A disk on which not everything can be written."""
