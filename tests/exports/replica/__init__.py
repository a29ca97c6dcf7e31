"""Exports that are read from a replica."""
