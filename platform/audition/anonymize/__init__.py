"""The privacy toolchain of authors: a policy, what it does to every column, what risk is left, and a gate."""
