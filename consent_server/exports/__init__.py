"""Audit exports."""
