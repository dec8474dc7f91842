"""Probability that a consumer loan is not paid back: features, model, drift monitor and service."""

NAME = "credit-scoring"
VERSION = "1.0.0"
"""Of the model that is in this repository; a retrained one gets another."""
