"""What was acknowledged is there, once, whatever dies."""
