-- The rows that will change RAW: of several versions of one key the newest, and only where RAW holds nothing
-- newer and nothing equal. What a read that began after RAW's version was loaded shows is always newer, even with
-- an older cursor (a restored backup, the doubled hour of autumn). A key that RAW holds as deleted comes back,
-- but not through a read that is older than the one that missed it. A key that RAW has never held and that a newer
-- complete read did not show was deleted by then: `_is_missing` says so. The table was created before the
-- transaction.
insert into candidate_purchase_order_position (
    tenant_id,
    order_id,
    id,
    order_number,
    article_number,
    branch_number,
    size_group_number,
    size_group_position,
    size,
    original_ean,
    purchase_price,
    net_purchase_price,
    ean,
    is_consignment,
    delivered_amount,
    order_amount,
    backlog_amount,
    status,
    sale_price,
    label_price,
    distribution_status,
    distributed_amount,
    expected_arrival,
    last_change,
    is_deleted,
    _extra,
    _content_hash,
    _extracted_at,
    _run_id,
    _is_missing
)
with newest as (
    select *
    from stage_purchase_order_position
    where tenant_id = $tenant_id
    qualify row_number() over (
        partition by tenant_id, id
        order by
            last_change desc nulls last,
            _extracted_at desc,
            _content_hash
    ) = 1
)

select
    newest.tenant_id,
    newest.order_id,
    newest.id,
    newest.order_number,
    newest.article_number,
    newest.branch_number,
    newest.size_group_number,
    newest.size_group_position,
    newest.size,
    newest.original_ean,
    newest.purchase_price,
    newest.net_purchase_price,
    newest.ean,
    newest.is_consignment,
    newest.delivered_amount,
    newest.order_amount,
    newest.backlog_amount,
    newest.status,
    newest.sale_price,
    newest.label_price,
    newest.distribution_status,
    newest.distributed_amount,
    newest.expected_arrival,
    newest.last_change,
    newest.is_deleted,
    newest._extra,
    newest._content_hash,
    newest._extracted_at,
    newest._run_id,
    coalesce(
        target.id is null
        and newest._extracted_at < cast($missed_at as timestamp_ntz)
        and coalesce(newest.last_change, cast('0001-01-01' as timestamp_ntz)) < cast($missed_source_now as timestamp_ntz)
,
        false
    ) as _is_missing
from newest
left join raw.purchase_order_position as target
    on
        newest.tenant_id = target.tenant_id
        and newest.id = target.id
        and target.tenant_id = $tenant_id
where
    target.id is null
    or (
        (
            newest._content_hash <> target._content_hash
            or (
                target._deleted_at is not null
                and not coalesce(newest.is_deleted, false)
            )
        )
        and (
            newest._extracted_at >= target._loaded_at
            or (
                newest._extracted_at >= target._extracted_at
                and coalesce(newest.last_change, cast('0001-01-01' as timestamp_ntz))
                >= coalesce(target.last_change, cast('0001-01-01' as timestamp_ntz))
            )
            or (
                coalesce(newest.last_change, cast('0001-01-01' as timestamp_ntz))
                > coalesce(target.last_change, cast('0001-01-01' as timestamp_ntz))
                and (
                    target._deleted_at is null
                    or coalesce(target.is_deleted, false)
                )
            )
        )
    );
-- Every candidate is written as it was landed, in place of the row it replaces. A tombstone keeps its row and says since
-- when it is deleted; so does a row that a newer complete read had already missed, dated by that read.
merge into raw.purchase_order_position as target
using (
    select
        tenant_id,
        order_id,
        id,
        order_number,
        article_number,
        branch_number,
        size_group_number,
        size_group_position,
        size,
        original_ean,
        purchase_price,
        net_purchase_price,
        ean,
        is_consignment,
        delivered_amount,
        order_amount,
        backlog_amount,
        status,
        sale_price,
        label_price,
        distribution_status,
        distributed_amount,
        expected_arrival,
        last_change,
        is_deleted,
        _content_hash,
        _run_id,
        parse_json(_extra) as _extra,
        case when _is_missing then cast($missed_at as timestamp_ntz) else _extracted_at end as _extracted_at,
        cast($loaded_at as timestamp_ntz) as _loaded_at,
        case
            when _is_missing then cast($loaded_at as timestamp_ntz)
            when is_deleted then cast($loaded_at as timestamp_ntz)
        end as _deleted_at
    from candidate_purchase_order_position
    where tenant_id = $tenant_id
) as source
    on
        target.tenant_id = source.tenant_id
        and target.id = source.id
when matched then
    update set
        target.order_id = source.order_id,
        target.order_number = source.order_number,
        target.article_number = source.article_number,
        target.branch_number = source.branch_number,
        target.size_group_number = source.size_group_number,
        target.size_group_position = source.size_group_position,
        target.size = source.size,
        target.original_ean = source.original_ean,
        target.purchase_price = source.purchase_price,
        target.net_purchase_price = source.net_purchase_price,
        target.ean = source.ean,
        target.is_consignment = source.is_consignment,
        target.delivered_amount = source.delivered_amount,
        target.order_amount = source.order_amount,
        target.backlog_amount = source.backlog_amount,
        target.status = source.status,
        target.sale_price = source.sale_price,
        target.label_price = source.label_price,
        target.distribution_status = source.distribution_status,
        target.distributed_amount = source.distributed_amount,
        target.expected_arrival = source.expected_arrival,
        target.last_change = source.last_change,
        target.is_deleted = source.is_deleted,
        target._extra = source._extra,
        target._content_hash = source._content_hash,
        target._extracted_at = source._extracted_at,
        target._run_id = source._run_id,
        target._loaded_at = source._loaded_at,
        target._deleted_at = source._deleted_at
when not matched then
    insert (
        tenant_id,
        order_id,
        id,
        order_number,
        article_number,
        branch_number,
        size_group_number,
        size_group_position,
        size,
        original_ean,
        purchase_price,
        net_purchase_price,
        ean,
        is_consignment,
        delivered_amount,
        order_amount,
        backlog_amount,
        status,
        sale_price,
        label_price,
        distribution_status,
        distributed_amount,
        expected_arrival,
        last_change,
        is_deleted,
        _extra,
        _content_hash,
        _extracted_at,
        _run_id,
        _loaded_at,
        _deleted_at
    )
    values (
        source.tenant_id,
        source.order_id,
        source.id,
        source.order_number,
        source.article_number,
        source.branch_number,
        source.size_group_number,
        source.size_group_position,
        source.size,
        source.original_ean,
        source.purchase_price,
        source.net_purchase_price,
        source.ean,
        source.is_consignment,
        source.delivered_amount,
        source.order_amount,
        source.backlog_amount,
        source.status,
        source.sale_price,
        source.label_price,
        source.distribution_status,
        source.distributed_amount,
        source.expected_arrival,
        source.last_change,
        source.is_deleted,
        source._extra,
        source._content_hash,
        source._extracted_at,
        source._run_id,
        source._loaded_at,
        source._deleted_at
    );
