"""What visitors, sites and vendors can rely on, in a real browser against the real service."""
