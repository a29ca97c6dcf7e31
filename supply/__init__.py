"""What the service is made of: its packages, their licences, and a bill of materials."""
