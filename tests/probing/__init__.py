"""The prober against real services on the loopback address, and against hostile ones."""
