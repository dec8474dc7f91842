"""The domain, which has nothing to fake."""
