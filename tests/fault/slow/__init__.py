"""A database that is slow, and more requests than there are threads."""
