"""Erasure: records and their keys go, their entries stay, and a tombstone says so."""
