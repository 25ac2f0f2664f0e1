"""The set-up of a Snowflake account: settings, plan, and its application."""
