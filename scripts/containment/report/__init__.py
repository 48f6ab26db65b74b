"""report.html: what a publication says, as one page that needs no network.

A section is a row in sections.py: a question, an analysis (analyses/report/<name>.sql) and how its
rows are drawn. Every number on the page is a value of such a query, and the page shows the query.
"""
