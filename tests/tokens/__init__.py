"""Keys and consent tokens."""
