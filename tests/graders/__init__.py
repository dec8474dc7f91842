"""Golden workspaces in, findings out."""
