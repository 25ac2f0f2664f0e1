{#
    A table that an older release made keeps the columns that its model has renamed or given up since, empty. Those that the
    model names in `meta.former_columns` are dropped, and no others: what others have added to a table stays.

    Only an empty column is dropped, so that nothing is lost where tenants share a table: while the rows of one of them are
    still the older release's, its run reads them as they are. The first run after an upgrade empties a column, the next one
    drops it.

    dbt calls this for every incremental model whose table has other columns than its statement.
#}
{% macro default__sync_column_schemas(on_schema_change, target_relation, schema_changes_dict) -%}
    {%- set former = config.get('meta', {}).get('former_columns', []) -%}
    {%- set dropped = [] -%}
    {%- for column in schema_changes_dict['target_not_in_source'] if column.name | lower in former -%}
        {%- set filled = run_query('select count(' ~ column.quoted ~ ') from ' ~ target_relation) -%}
        {%- if filled.columns[0].values()[0] == 0 -%} {%- do dropped.append(column) -%} {%- endif -%}
    {%- endfor -%}
    {%- set added = schema_changes_dict['source_not_in_target'] -%}
    {%- if added or dropped -%}
        {%- do alter_relation_add_remove_columns(target_relation, added or none, dropped or none) -%}
    {%- endif -%}
{%- endmacro %}
