"""Load a help desk's data into parquet files: only what staging reads, and never a text or an address."""
