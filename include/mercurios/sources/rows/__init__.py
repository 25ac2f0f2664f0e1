"""From the bytes of a page to typed rows: decoding, records, cells, Arrow columns, field drift, the landed table."""
