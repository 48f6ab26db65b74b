"""scripts/benchmark: the build and its nights beside the least work that could do the same, and
beside the ways in which it is done elsewhere.

raw_data makes the files, rivals/ and build are what is measured, processes starts and measures,
measuring runs them in turn, report makes tables of it, command is the command line.
"""
