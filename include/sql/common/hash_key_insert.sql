insert into ops.hash_key (tenant_id, key_id, since)
values ($tenant_id, $key_id, $since);
