"""Sites: the configuration document of a site, the bundles published from it, and API keys."""
