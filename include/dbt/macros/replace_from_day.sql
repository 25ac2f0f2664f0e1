{#
    Incremental strategy for a history by day of which the past seldom changes: for each key, new rows replace those of their
    first day and later; what is older stays. A key without new rows, and days before the model's window, go. The model
    names its keys in `meta.by`, its days in `meta.day` and the variable with the length of the window in `meta.kept_days`.

    Which keys begin again, and which continue with the last day they have, the model decides: see `fingerprint`. Every key
    has a row of today, so the newest of the new rows is today's.
#}
{% macro get_incremental_replace_from_day_sql(arg_dict) -%}
    {{ return(adapter.dispatch('get_incremental_replace_from_day_sql', 'mercurios')(arg_dict)) }}
{%- endmacro %}

{% macro default__get_incremental_replace_from_day_sql(arg_dict) -%}
    {%- set columns = arg_dict['dest_columns'] | map(attribute='name') -%}
    {%- if is_partial_build() -%}
        {{ replace_from_day(arg_dict['target_relation'], columns, arg_dict['temp_relation']) }}
    {%- else -%}
        {{ replace_slice(arg_dict['target_relation'], columns, arg_dict['temp_relation']) }}
    {%- endif -%}
{%- endmacro %}

{# Snowflake commits every statement by itself unless a transaction is begun; a reader must not see the gap. #}
{% macro snowflake__get_incremental_replace_from_day_sql(arg_dict) -%}
    {{ snowflake_dml_explicit_transaction(mercurios.default__get_incremental_replace_from_day_sql(arg_dict)) }}
{%- endmacro %}


{% macro replace_from_day(relation, columns, source) -%}
    {%- set meta = config.get('meta') -%}
    {%- set columns = get_quoted_csv(columns) -%}
    {%- set keys = meta['by'] | join(', ') -%}
    delete from {{ relation }}
    using (
        select
            {{ keys }},
            min({{ meta['day'] }}) as first_new_day
        from {{ source }}
        group by {{ keys }}
    ) as renewed
    where
        {{ relation }}.tenant_id = {{ tenant_id() }}
        {%- for key in meta['by'] %}
        and {{ relation }}.{{ key }} = renewed.{{ key }}
        {%- endfor %}
        and {{ relation }}.{{ meta['day'] }} >= renewed.first_new_day;

    delete from {{ relation }}
    where
        tenant_id = {{ tenant_id() }}
        and (
            {{ meta['day'] }} < (
                select {{ add_days('max(' ~ meta['day'] ~ ')', '1 - ' ~ var(meta['kept_days'])) }}
                from {{ source }}
            )
            or ({{ keys }}) not in (select {{ keys }} from {{ source }})
        );

    insert into {{ relation }} ({{ columns }})
    select {{ columns }}
    from {{ source }}
{%- endmacro %}


{#
    A number that says from what a group's rows were made, kept in them: where it is the same, so are they. It is made of the
    columns of the rows `where` holds and of values that all rows of the group share. What a release changes in the query is
    not in it: after one, all history is built again (decision 0068). Numbers of other engines, or of another release of
    one, differ: then the group is built again.
#}
{% macro fingerprint(columns, where, shared) -%}
    cast(
        (
            sum(case when {{ where }} then hash({{ columns | join(', ') }}) else 0 end)
            + hash({{ shared | join(', ') }})
        ) % 4611686018427387847 as bigint
    )
{%- endmacro %}


{#
    From which day on each key's rows are made in this build: the last day it has, where its fingerprint is that of its rows
    and they are whole, and otherwise the first. The relation named has for each key `first_date` and `last_date`, between
    which its rows lie, and `fingerprint`; added is `from_date`.
#}
{% macro first_new_days(fingerprints) -%}
    {%- set meta = config.get('meta') -%}
    {%- set keys = meta['by'] | join(', ') -%}
    {%- if is_partial_build() -%}
    select
        {{ fingerprints }}.*,
        case
            when
                built.fingerprint = {{ fingerprints }}.fingerprint
                and built.first_date <= {{ fingerprints }}.first_date
                and built.last_date between {{ fingerprints }}.first_date and {{ fingerprints }}.last_date
                and built.day_count = built.last_date - built.first_date + 1
                then built.last_date
            else {{ fingerprints }}.first_date
        end as from_date
    from {{ fingerprints }}
    left join (
        select
            {{ keys }},
            min({{ meta['day'] }}) as first_date,
            max({{ meta['day'] }}) as last_date,
            count(*) as day_count,
            case when min(fingerprint) = max(fingerprint) then max(fingerprint) end as fingerprint
        from {{ this }}
        where tenant_id = {{ tenant_id() }}
        group by {{ keys }}
    ) as built
        on
            {%- for key in meta['by'] %}
            {{ 'and ' if not loop.first }}{{ fingerprints }}.{{ key }} = built.{{ key }}
            {%- endfor %}
    {%- else -%}
    select
        *,
        first_date as from_date
    from {{ fingerprints }}
    {%- endif -%}
{%- endmacro %}
