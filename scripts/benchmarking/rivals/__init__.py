"""The same job done in other ways, on the raw files in the working folder.

run() of a module gives its days. floor and six_ctes cut sessions and know no kinds of them;
with_polars and with_pandas follow every rule of the build's core and must come to the same counts.
rebuild() of with_polars and with_duckdb writes the four big marts, which must have the same rows.
"""
