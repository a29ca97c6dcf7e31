"""How often somebody may ask, without knowing who: token buckets, and no address kept."""
