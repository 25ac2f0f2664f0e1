-- First half of the merge: a row that changes is deleted and written again. DuckDB writes every block that an update
-- touches again, which for one changed row in a thousand is the whole table; its MERGE costs more than the two halves.
delete from raw.{{ table | ident }}
where rowid in (
    select marked._present_row
    from marked_{{ table | ident }} as marked
    where
        marked._is_loaded
        and marked._present_row is not null
);
