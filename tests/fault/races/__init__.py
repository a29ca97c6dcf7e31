"""Races of the widget: tabs, Back and leaving, in a real browser with the real service."""
