-- TRUNCATE would end the transaction.
delete from {{ table | ident }};
