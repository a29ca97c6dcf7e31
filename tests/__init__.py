"""Tests: one folder per feature, and what holds for the whole beside this file."""
