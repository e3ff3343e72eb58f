"""Class names and templates to captions. Torch-free."""
