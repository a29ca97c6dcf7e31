"""Both databases are told the same."""
