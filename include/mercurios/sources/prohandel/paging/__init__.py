"""Lists in pages: one page, the boundaries between pages, a list read to its end, and complete scans of it."""
