"""`make demo`: the whole product on one machine, through the same DAGs that run in production."""
