"""Draws where the hot paths spend their CPU time: ``python -m bench.flames``."""
