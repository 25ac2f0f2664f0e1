{#
    Many tenants may share one database. Staging views show all of them; every materialised model, test and
    freshness check sees only the tenant of this run.

    The environment is read while a statement runs, never while the project is parsed, so one manifest and one
    partial-parse file serve all tenants.
#}
{% macro tenant_id() -%}
    {%- if execute -%}
        {%- set tenant = env_var('MERCURIOS_TENANT_ID') -%}
        {%- if not modules.re.fullmatch('[a-z][a-z0-9_-]*', tenant) -%}
            {{ exceptions.raise_compiler_error(
                "MERCURIOS_TENANT_ID is '" ~ tenant ~ "'; expected lower-case letters, digits, '_' and '-'"
            ) }}
        {%- endif -%}
        '{{ tenant }}'
    {%- else -%}
        ''
    {%- endif -%}
{%- endmacro %}


{#
    Incremental strategy: replace one tenant's rows, all of them, or those of the business days that changed when
    the model says so (see changed_days.sql). Unlike delete+insert, whose delete follows the new rows, this also
    empties a slice that has no rows any more.
#}
{% macro get_incremental_replace_slice_sql(arg_dict) -%}
    {{ return(adapter.dispatch('get_incremental_replace_slice_sql', 'mercurios')(arg_dict)) }}
{%- endmacro %}

{% macro default__get_incremental_replace_slice_sql(arg_dict) -%}
    {%- set target_relation = arg_dict['target_relation'] -%}
    {%- set columns = get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) -%}
    delete from {{ target_relation }}
    where tenant_id = {{ tenant_id() }}
    {%- if config.get('meta', {}).get('days_of') and not flags.FULL_REFRESH %}
        and sold_on in ({{ changed_days() }})
    {%- endif %};

    insert into {{ target_relation }} ({{ columns }})
    select {{ columns }}
    from {{ arg_dict['temp_relation'] }}
{%- endmacro %}

{# Snowflake commits every statement by itself unless told otherwise; a reader must not see the gap. #}
{% macro snowflake__get_incremental_replace_slice_sql(arg_dict) -%}
    begin;
    {{ mercurios.default__get_incremental_replace_slice_sql(arg_dict) }};
    commit;
{%- endmacro %}


{# Built-in and own generic tests read their model through this macro, so a test never fails on another tenant's rows. #}
{% macro default__get_where_subquery(relation) -%}
    {%- set where = config.get('where', '') -%}
    {%- set filtered -%}
        (
            select *
            from {{ relation }}
            where tenant_id = {{ tenant_id() }} {% if where %} and ({{ where }}) {% endif %}
        ) as tenant_rows
    {%- endset -%}
    {{ return(filtered) }}
{%- endmacro %}
