insert into raw.public_holiday (tenant_id, date, name)
select
    $tenant_id as tenant_id,
    cast(days.value as date) as date,
    cast(titles.value as varchar) as name
from table(flatten(input => parse_json($dates))) as days
inner join table(flatten(input => parse_json($names))) as titles
    on days.index = titles.index;
