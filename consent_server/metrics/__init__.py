"""What the processes of a service count and measure, for a monitoring system to fetch."""
