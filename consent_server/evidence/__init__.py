"""Proof packs: everything that shows, offline, what one visitor was shown and decided."""
