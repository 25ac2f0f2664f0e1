-- What readers see is what a build would give them now.
update published.publication_status
set verified_at = cast($verified_at as timestamp_ntz)
where tenant_id = $tenant_id;
