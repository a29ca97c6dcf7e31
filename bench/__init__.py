"""Measures the service beside a bare Flask route: ``python -m bench`` (docs/performance.md)."""
