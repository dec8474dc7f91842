"""One module or folder per technology; each implements a port."""
