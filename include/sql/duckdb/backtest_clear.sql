-- A week of the replay leaves nothing to the next.
delete from {{ relation }};
