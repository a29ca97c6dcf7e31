"""One encrypted file with everything the database holds, and the way back."""
