detach {{ alias | ident }};
