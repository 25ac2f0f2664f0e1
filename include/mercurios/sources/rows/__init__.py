"""From the bytes of a page to typed rows: decoding, records, cells, Arrow columns, keys."""
