"""A graded reference submission in each framework that a challenge can name an image of."""
