"""What turns a fresh machine into a running Audition; see README.md in this folder."""
