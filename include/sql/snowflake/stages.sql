-- The stages that the session may use, and what each shows.
show stages in schema {{ schema | ident }};
