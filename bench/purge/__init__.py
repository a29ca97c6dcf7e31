"""What a purge costs, and what those who decide meanwhile notice of it."""
