"""Load a help desk's data into parquet files: what staging reads, never a text or an address."""

WORK = "_extract"  # what is not rows; a name with _ is none of the tables
