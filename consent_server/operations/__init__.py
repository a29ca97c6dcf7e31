"""What an operator's monitoring asks."""
