"""What BI tools import, made of the semantic layer and of the marts' descriptions."""
