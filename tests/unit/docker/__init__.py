"""The Docker adapter without an engine."""
