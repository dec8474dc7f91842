"""The tests. `factories.py` makes valid domain objects for all of them."""
