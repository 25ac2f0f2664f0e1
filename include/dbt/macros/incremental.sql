{#
    dbt's incremental materialization on DuckDB, with what this project asks of it and no more. dbt's own makes each table's
    rows twice, as a temporary table and from there, and asks for columns six times, planning the query once more where the
    model has a contract. Here one statement asks for all columns, and where a model replaces all rows of its tenant they go
    from the query into the table. A model that replaces some of them reads its own table as it was, so its new rows are kept first.
#}
{% materialization incremental, adapter='duckdb' -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type='table') -%}
    {%- if existing and existing.is_view -%}
        {%- do adapter.ensure_transaction() -%}
        {%- do adapter.drop_relation(existing) -%}
        {%- set existing = none -%}
    {%- endif -%}
    {%- if not existing -%}
        {%- call statement('main') -%} {{ create_table_as(false, target, compiled_code) }} {%- endcall -%}
    {%- else -%}
        {%- set strategy = config.get('incremental_strategy') -%}
        {%- set by_days = strategy == 'replace_slice' and not replaces_all_rows() -%}
        {%- if by_days -%}
            {%- do run_query('create or replace temporary table ' ~ kept_days() ~ ' (sold_on date)') -%}
        {%- endif -%}
        {%- set columns = filled_columns(target, compiled_code) -%}
        {%- if by_days -%}
            {%- do run_query('insert into ' ~ kept_days() ~ ' ' ~ default__changed_days()) -%}
        {%- endif -%}
        {%- set rows = '(' ~ compiled_code ~ ')' -%}
        {%- if by_days or strategy == 'replace_today' or strategy == 'replace_from_day' and is_partial_build() -%}
            {%- set kept = make_temp_relation(target) -%}
            {%- do run_query('create temporary table ' ~ kept ~ ' as ' ~ rows) -%}
            {%- set rows = kept -%}
        {%- endif -%}
        {%- set statements = adapter.get_incremental_strategy_macro(context, strategy) -%}
        {%- call statement('main') -%}
            {{ statements({'target_relation': target, 'temp_relation': rows, 'dest_columns': columns}) }}
        {%- endcall -%}
    {%- endif -%}
    {%- do adapter.commit() -%}
    {{ return({'relations': [target]}) }}
{%- endmaterialization %}


{#
    dbt's own makes a view under another name, renames it and the former one, and drops that: five statements in three
    transactions for each of fifty views, of which `create or replace` is one.
#}
{% materialization view, adapter='duckdb' -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type='view') -%}
    {%- if existing and not existing.is_view -%}
        {%- do adapter.ensure_transaction() -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
    {%- call statement('main') -%}
        {% if config.get('contract').enforced -%} {{ get_assert_columns_equivalent(sql) }} {%- endif %}
        create or replace view {{ target }} as (
            {{ sql }}
        )
    {%- endcall -%}
    {%- do adapter.commit() -%}
    {{ return({'relations': [target]}) }}
{%- endmaterialization %}


{# The columns of a model's query, compared with its contract, after its table was given those it lacks. #}
{% macro filled_columns(target, query) -%}
    {%- set shapes = {'query': query, 'target': 'from ' ~ target} -%}
    {%- if config.get('contract').enforced -%}
        {%- do shapes.update({'contract': get_empty_schema_sql(model['columns'])}) -%}
    {%- endif -%}
    {%- set described -%}
        {%- for shape, sql in shapes.items() %}
        select
            '{{ shape }}' as shape,
            column_name,
            column_type
        from (describe ({{ sql }}))
        {%- if not loop.last %} union all {%- endif %}
        {%- endfor %}
    {%- endset -%}
    {%- set columns = {'query': [], 'target': [], 'contract': []} -%}
    {%- for shape, name, type in run_query(described) -%}
        {%- do columns[shape].append(api.Column(name, type)) -%}
    {%- endfor -%}
    {%- if 'contract' in shapes and columns['contract'] | sort(attribute='name') != columns['query'] | sort(attribute='name') -%}
        {#- Says what differs. -#}
        {%- do get_assert_columns_equivalent(query) -%}
    {%- endif -%}
    {%- set lacking = diff_columns(columns['query'], columns['target']) -%}
    {%- set further = diff_columns(columns['target'], columns['query']) -%}
    {%- if lacking or further -%}
        {%- do sync_column_schemas(
            config.get('on_schema_change'),
            target,
            {'source_not_in_target': lacking, 'target_not_in_source': further}
        ) -%}
    {%- endif -%}
    {{ return(columns['query']) }}
{%- endmacro %}
