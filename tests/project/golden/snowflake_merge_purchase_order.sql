-- The rows that will change RAW: of several versions of one key the newest, and only where RAW holds nothing
-- newer and nothing equal. What a read that began after RAW's version was loaded shows is always newer, even with
-- an older cursor (a restored backup, the doubled hour of autumn). A key that RAW holds as deleted comes back,
-- but not through a read that is older than the one that missed it. A key that RAW has never held and that a newer
-- complete read did not show was deleted by then: `_is_missing` says so. The table was created before the
-- transaction.
insert into candidate_purchase_order (
    tenant_id,
    number,
    source,
    created,
    supplier_number,
    supplier_order_id,
    id,
    merchant_number,
    overall_discount,
    status,
    type,
    _extra,
    _content_hash,
    _extracted_at,
    _run_id,
    _is_missing
)
with newest as (
    select *
    from stage_purchase_order
    where tenant_id = $tenant_id
    qualify row_number() over (
        partition by tenant_id, id
        order by
            _extracted_at desc,
            _content_hash
    ) = 1
)

select
    newest.tenant_id,
    newest.number,
    newest.source,
    newest.created,
    newest.supplier_number,
    newest.supplier_order_id,
    newest.id,
    newest.merchant_number,
    newest.overall_discount,
    newest.status,
    newest.type,
    newest._extra,
    newest._content_hash,
    newest._extracted_at,
    newest._run_id,
    coalesce(
        target.id is null
        and newest._extracted_at < cast($missed_at as timestamp_ntz)
,
        false
    ) as _is_missing
from newest
left join raw.purchase_order as target
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
            )
        )
        and (
            newest._extracted_at >= target._extracted_at
        )
    );
-- Every candidate is written as it was landed, in place of the row it replaces. A tombstone keeps its row and says since
-- when it is deleted; so does a row that a newer complete read had already missed, dated by that read.
merge into raw.purchase_order as target
using (
    select
        tenant_id,
        number,
        source,
        created,
        supplier_number,
        supplier_order_id,
        id,
        merchant_number,
        overall_discount,
        status,
        type,
        _content_hash,
        _run_id,
        parse_json(_extra) as _extra,
        case when _is_missing then cast($missed_at as timestamp_ntz) else _extracted_at end as _extracted_at,
        cast($loaded_at as timestamp_ntz) as _loaded_at,
        case
            when _is_missing then cast($loaded_at as timestamp_ntz)
        end as _deleted_at
    from candidate_purchase_order
    where tenant_id = $tenant_id
) as source
    on
        target.tenant_id = source.tenant_id
        and target.id = source.id
when matched then
    update set
        target.number = source.number,
        target.source = source.source,
        target.created = source.created,
        target.supplier_number = source.supplier_number,
        target.supplier_order_id = source.supplier_order_id,
        target.merchant_number = source.merchant_number,
        target.overall_discount = source.overall_discount,
        target.status = source.status,
        target.type = source.type,
        target._extra = source._extra,
        target._content_hash = source._content_hash,
        target._extracted_at = source._extracted_at,
        target._run_id = source._run_id,
        target._loaded_at = source._loaded_at,
        target._deleted_at = source._deleted_at
when not matched then
    insert (
        tenant_id,
        number,
        source,
        created,
        supplier_number,
        supplier_order_id,
        id,
        merchant_number,
        overall_discount,
        status,
        type,
        _extra,
        _content_hash,
        _extracted_at,
        _run_id,
        _loaded_at,
        _deleted_at
    )
    values (
        source.tenant_id,
        source.number,
        source.source,
        source.created,
        source.supplier_number,
        source.supplier_order_id,
        source.id,
        source.merchant_number,
        source.overall_discount,
        source.status,
        source.type,
        source._extra,
        source._content_hash,
        source._extracted_at,
        source._run_id,
        source._loaded_at,
        source._deleted_at
    );
