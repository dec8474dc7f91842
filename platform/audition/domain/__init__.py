"""The nouns of Audition: plain values, no I/O, no clock, standard library only."""
