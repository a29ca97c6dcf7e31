"""The Merkle log: canonical bytes, keyed commitments, tree hashes. Knows neither HTTP nor SQL."""
