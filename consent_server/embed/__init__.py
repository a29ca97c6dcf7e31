"""What host pages load: the one script, pinned widget builds, the bundle apart, the texts."""
