"""dbt: build and test the models in a private file, and say what failed."""
