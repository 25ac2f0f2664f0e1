{# The rows that Great Expectations asks about in the session; it wants a query that begins with SELECT and a blank. #}
select * from {{ table | ident }}
