"""The service is down, broken or blocked: the pages that use it must not notice."""
