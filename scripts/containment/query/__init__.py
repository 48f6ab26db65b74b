"""Questions to a publication: analyses, metrics, spreadsheets."""
