"""Lists in pages: one page, the boundaries between pages, and complete scans."""
