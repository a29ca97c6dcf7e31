"""What happens to records as time passes."""
