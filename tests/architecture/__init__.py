"""What holds for the whole tree: layout, imports, sizes, documents."""
