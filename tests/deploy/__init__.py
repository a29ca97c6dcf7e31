"""What operators are given to run the service, read by the programs that will read it."""
