-- A setting of a warehouse that the list of warehouses leaves out.
show parameters like 'STATEMENT_TIMEOUT_IN_SECONDS' in warehouse {{ warehouse | ident }};
