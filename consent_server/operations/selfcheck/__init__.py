"""Is this installation what it should be? Each line says what was seen and how to mend it."""
