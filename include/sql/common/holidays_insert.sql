insert into raw.public_holiday (tenant_id, date, name)
select
    $tenant_id as tenant_id,
    holidays.date,
    holidays.name
from (
    {{ records("$holidays", {"date": "date", "name": "varchar"}) }}
) as holidays;
