"""What people are told when a run fails or works again; plugins/alerts delivers it."""
