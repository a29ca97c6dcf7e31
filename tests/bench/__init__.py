"""The bench itself: that it runs, not what it finds."""
