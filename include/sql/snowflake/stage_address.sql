show stages like {{ stage | literal }} in schema {{ schema | ident }};
