"""Reading, checking and packing challenge folders. Files in, domain values out; no engine, no database."""
