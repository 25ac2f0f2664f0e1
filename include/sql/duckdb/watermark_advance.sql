-- The watermark only grows: a backfill or a late run never moves it back.
insert into ops.watermark (tenant_id, resource, cursor_value, run_id, fence, updated_at)
values ($tenant_id, $resource, $cursor_value, $run_id, $fence, $updated_at)
on conflict (tenant_id, resource) do update set
    cursor_value = excluded.cursor_value,
    run_id = excluded.run_id,
    fence = excluded.fence,
    updated_at = excluded.updated_at
where excluded.cursor_value > watermark.cursor_value;
