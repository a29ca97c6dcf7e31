"""A log of millions of records beside a small one: what of all that is done with it grows."""
