"""The drift protocol against monitors whose quality is known, in numbers: `audition bench --only drift`."""
