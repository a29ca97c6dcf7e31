"""What a visitor can see about this browser."""
