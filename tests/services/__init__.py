"""Services as candidates send them, real ones, each a program: good, flawed in one stated way, or hostile."""
