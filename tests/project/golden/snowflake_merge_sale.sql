-- The rows that will change RAW: of several versions of one key the newest, and only where RAW holds nothing
-- newer and nothing equal. What a read that began after RAW's version was loaded shows is always newer, even with
-- an older cursor (a restored backup, the doubled hour of autumn). A key that RAW holds as deleted comes back,
-- but not through a read that is older than the one that missed it. A key that RAW has never held and that a newer
-- complete read did not show was deleted by then: `_is_missing` says so. The table was created before the
-- transaction.
insert into candidate_sale (
    tenant_id,
    article_number,
    branch_number,
    article_size_number,
    customer_key,
    currency_number,
    country_number,
    staff_key,
    receipt_number,
    date,
    purchase_price,
    id,
    cashier_key,
    discount,
    cash_register_number,
    deduction,
    staff_discount,
    receipt_position,
    price_change_reason_number,
    return_reason_number,
    quantity,
    sale_price,
    label_price,
    payment_option_number,
    time,
    type,
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
    from stage_sale
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
    newest.article_number,
    newest.branch_number,
    newest.article_size_number,
    newest.customer_key,
    newest.currency_number,
    newest.country_number,
    newest.staff_key,
    newest.receipt_number,
    newest.date,
    newest.purchase_price,
    newest.id,
    newest.cashier_key,
    newest.discount,
    newest.cash_register_number,
    newest.deduction,
    newest.staff_discount,
    newest.receipt_position,
    newest.price_change_reason_number,
    newest.return_reason_number,
    newest.quantity,
    newest.sale_price,
    newest.label_price,
    newest.payment_option_number,
    newest.time,
    newest.type,
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
left join raw.sale as target
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
merge into raw.sale as target
using (
    select
        tenant_id,
        article_number,
        branch_number,
        article_size_number,
        customer_key,
        currency_number,
        country_number,
        staff_key,
        receipt_number,
        date,
        purchase_price,
        id,
        cashier_key,
        discount,
        cash_register_number,
        deduction,
        staff_discount,
        receipt_position,
        price_change_reason_number,
        return_reason_number,
        quantity,
        sale_price,
        label_price,
        payment_option_number,
        time,
        type,
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
    from candidate_sale
    where tenant_id = $tenant_id
) as source
    on
        target.tenant_id = source.tenant_id
        and target.id = source.id
when matched then
    update set
        target.article_number = source.article_number,
        target.branch_number = source.branch_number,
        target.article_size_number = source.article_size_number,
        target.customer_key = source.customer_key,
        target.currency_number = source.currency_number,
        target.country_number = source.country_number,
        target.staff_key = source.staff_key,
        target.receipt_number = source.receipt_number,
        target.date = source.date,
        target.purchase_price = source.purchase_price,
        target.cashier_key = source.cashier_key,
        target.discount = source.discount,
        target.cash_register_number = source.cash_register_number,
        target.deduction = source.deduction,
        target.staff_discount = source.staff_discount,
        target.receipt_position = source.receipt_position,
        target.price_change_reason_number = source.price_change_reason_number,
        target.return_reason_number = source.return_reason_number,
        target.quantity = source.quantity,
        target.sale_price = source.sale_price,
        target.label_price = source.label_price,
        target.payment_option_number = source.payment_option_number,
        target.time = source.time,
        target.type = source.type,
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
        article_number,
        branch_number,
        article_size_number,
        customer_key,
        currency_number,
        country_number,
        staff_key,
        receipt_number,
        date,
        purchase_price,
        id,
        cashier_key,
        discount,
        cash_register_number,
        deduction,
        staff_discount,
        receipt_position,
        price_change_reason_number,
        return_reason_number,
        quantity,
        sale_price,
        label_price,
        payment_option_number,
        time,
        type,
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
        source.article_number,
        source.branch_number,
        source.article_size_number,
        source.customer_key,
        source.currency_number,
        source.country_number,
        source.staff_key,
        source.receipt_number,
        source.date,
        source.purchase_price,
        source.id,
        source.cashier_key,
        source.discount,
        source.cash_register_number,
        source.deduction,
        source.staff_discount,
        source.receipt_position,
        source.price_change_reason_number,
        source.return_reason_number,
        source.quantity,
        source.sale_price,
        source.label_price,
        source.payment_option_number,
        source.time,
        source.type,
        source.last_change,
        source.is_deleted,
        source._extra,
        source._content_hash,
        source._extracted_at,
        source._run_id,
        source._loaded_at,
        source._deleted_at
    );
