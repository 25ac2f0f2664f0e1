"""The production engine, Snowflake: one session of one tenant's database."""
