"""The privacy toolchain: files, transforms, classes, risks."""
