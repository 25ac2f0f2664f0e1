{#
    Incremental strategy for what is written down day by day and cannot be computed again: replace what this
    tenant's earlier run of the same business day wrote and leave the days before as they are. The model names
    its column of days in `meta.day`.
#}
{% macro get_incremental_replace_today_sql(arg_dict) -%}
    {{ return(adapter.dispatch('get_incremental_replace_today_sql', 'mercurios')(arg_dict)) }}
{%- endmacro %}

{% macro default__get_incremental_replace_today_sql(arg_dict) -%}
    {%- set target_relation = arg_dict['target_relation'] -%}
    {%- set columns = get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) -%}
    delete from {{ target_relation }}
    where
        tenant_id = {{ tenant_id() }}
        and {{ config.get('meta')['day'] }} >= (
            select max(as_of_date)
            from {{ ref('int_tenant_as_of') }}
            where tenant_id = {{ tenant_id() }}
        );

    insert into {{ target_relation }} ({{ columns }})
    select {{ columns }}
    from {{ arg_dict['temp_relation'] }}
{%- endmacro %}

{# Snowflake commits every statement by itself unless a transaction is begun; a reader must not see the gap. #}
{% macro snowflake__get_incremental_replace_today_sql(arg_dict) -%}
    begin;
    {{ mercurios.default__get_incremental_replace_today_sql(arg_dict) }};
    commit;
{%- endmacro %}
