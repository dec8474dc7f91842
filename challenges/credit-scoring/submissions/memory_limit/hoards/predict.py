"""Asks for more and more memory and writes to it."""

hoard = []
while True:
    hoard.append(bytearray(b"x" * (16 << 20)))
