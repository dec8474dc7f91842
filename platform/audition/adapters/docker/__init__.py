"""The Docker engine: the only folder that knows docker-py."""
