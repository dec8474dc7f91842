"""The use cases: one verb a file. They know the domain and the ports, and no technology."""
