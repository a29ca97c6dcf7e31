"""Sites: the document, the bundles made from it, and who may ask for them."""
