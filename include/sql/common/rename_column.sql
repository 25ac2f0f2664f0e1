-- A column of an older warehouse gets the name it has now; its values stay.
alter table ops.{{ table_name | ident }} rename column {{ column_name | ident }} to {{ new_name | ident }};
