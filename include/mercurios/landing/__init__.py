"""The landing area: where a run writes Parquet parts and, last, the manifest that names them."""
