{#
    Many tenants may share one database. Staging views show all of them; every materialised model, test and
    freshness check sees only the tenant of this run.

    The tenant is read while a statement runs, never while the project is parsed, so one manifest serves all tenants.
    What dbt keeps in order to parse only what changed does not: it is good for one profile, which names the tenant's
    database, and is kept for each tenant.
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
    {{ replace_slice(
        arg_dict['target_relation'],
        arg_dict['dest_columns'] | map(attribute='name'),
        arg_dict['temp_relation'],
        none if replaces_all_rows() else changed_days()
    ) }}
{%- endmacro %}

{# Snowflake commits every statement by itself unless a transaction is begun; a reader must not see the gap. #}
{% macro snowflake__get_incremental_replace_slice_sql(arg_dict) -%}
    {{ snowflake_dml_explicit_transaction(mercurios.default__get_incremental_replace_slice_sql(arg_dict)) }}
{%- endmacro %}


{# Whether a run of this strategy replaces all rows that its tenant has in the model's table. #}
{% macro replaces_all_rows() -%}
    {{ return(flags.FULL_REFRESH or not config.get('meta', {}).get('days_of')) }}
{%- endmacro %}


{% macro replace_slice(relation, columns, source, days=none) -%}
    {%- set columns = get_quoted_csv(columns) -%}
    delete from {{ relation }}
    where tenant_id = {{ tenant_id() }}
    {%- if days %}
        -- A model that was built as a whole brings days that did not change.
        and (sold_on in ({{ days }}) or sold_on in (select sold_on from {{ source }}))
    {%- endif %};

    insert into {{ relation }} ({{ columns }})
    select {{ columns }}
    from {{ source }}
{%- endmacro %}


{#
    dbt fills a table that is not there by `create or replace`. Where tenants share a database, another tenant's run
    may have created and filled it since dbt looked, so it is created empty, unless it is there by now, and filled
    as on any other run.
#}
{% macro snowflake__create_table_as(temporary, relation, compiled_code, language='sql') -%}
    {%- if temporary or config.get('materialized') != 'incremental' -%}
        {{ dbt.snowflake__create_table_as(temporary, relation, compiled_code, language) }}
    {%- else -%}
        {%- set rows = '(' ~ compiled_code ~ ')' -%}
        {%- set empty = 'select * from ' ~ rows ~ ' where false' -%}
        {{ modules.re.sub(
            'create or replace (transient table|table)',
            'create \\1 if not exists',
            dbt.snowflake__create_table_as(false, relation, empty)
        ) }}
        {{ snowflake_dml_explicit_transaction(replace_slice(relation, get_columns_in_query(compiled_code), rows)) }}
    {%- endif -%}
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
