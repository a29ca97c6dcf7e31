"""Canonical bytes and the hash tree."""
