"""What surrounds a page: storage that fails, policies, what can be read, and mere browsing."""
