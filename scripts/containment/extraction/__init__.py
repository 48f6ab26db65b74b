"""Load a help desk's data into parquet files: what staging reads, never a text or an address."""
