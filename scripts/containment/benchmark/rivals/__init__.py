"""The same job done in other ways; each module's run() reads the raw files in the working folder
and gives its days.

floor and six_ctes cut sessions and know no kinds of them; with_duckdb, with_polars and with_pandas
follow every rule of the build's core and must come to the same counts. rebuild() of the first two
writes the four big marts, which must have the same rows.
"""
