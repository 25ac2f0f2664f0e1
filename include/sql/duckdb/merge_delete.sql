-- First half of the merge: a row that changes is deleted and written again. DuckDB writes every block that an update
-- touches anew, which for one changed row in a thousand is the whole table; its MERGE costs more than the two halves.
delete from raw.{{ table | ident }}
where rowid in (
    select candidates._present_row
    from candidate_{{ table | ident }} as candidates
    where candidates._present_row is not null
);
