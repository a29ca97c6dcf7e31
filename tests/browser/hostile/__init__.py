"""Pages that are odd, old or against us: none gets a grant that nobody made."""
