"""Long runs: of many requests a service keeps what it was told to keep, and nothing else."""
