"""The attack corpus: hostile submissions through the real pipeline, and what must hold after each of them."""
