"""The site and the API over the in-memory adapters."""
