"""What the log costs: sealing, proofs, exports and their verification, each beside its limit."""
