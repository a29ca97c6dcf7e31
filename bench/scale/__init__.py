"""What records cost, and what that makes of so many a month: ``python -m bench.scale``."""
