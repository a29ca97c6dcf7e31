"""The log's tables, and what waits to be put into it. One log a site."""
