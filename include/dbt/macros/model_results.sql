{#
    The outcome of each model and test of a run, in ops.model_result: which one was slow, which one failed, since when.
    dbt knows it at its end, in whatever process and however many tasks a tenant's models are; so dbt writes it down.

    A run of Airflow is known by MERCURIOS_RUN_ID, read while a statement runs and never while the project is parsed.
    Without it, as from a shell, nothing is written. Messages are not: they may show a value of a row.
#}
{% macro record_model_results(results) -%}
    {%- set run = env_var('MERCURIOS_RUN_ID', '') if execute else '' -%}
    {%- set results = results | selectattr('node.resource_type', 'in', ['model', 'test']) | list -%}
    {%- if run and results -%}
        insert into ops.model_result (tenant_id, run_id, name, kind, status, seconds, row_count, recorded_at)
        values
        {%- for result in results %}
            {%- set written = result.adapter_response.get('rows_affected') %}
            {%- set rows = result.failures if result.failures is not none else written %}
            (
                {{ tenant_id() }},
                '{{ run | replace("'", "''") }}',
                '{{ result.node.name }}',
                '{{ result.node.resource_type }}',
                '{{ result.status }}',
                {{ result.execution_time | round(3) }},
                {{ rows if rows is not none and rows >= 0 else 'null' }},
                cast('{{ modules.datetime.datetime.utcnow().isoformat() }}' as timestamp)
            )
            {{- "," if not loop.last }}
        {%- endfor %}
    {%- endif -%}
{%- endmacro %}


{% macro forget_model_results(days=90) -%}
    {%- if execute and env_var('MERCURIOS_RUN_ID', '') -%}
        delete from ops.model_result
        where
            tenant_id = {{ tenant_id() }}
            and recorded_at < cast('{{ modules.datetime.date.today() - modules.datetime.timedelta(days=days) }}' as timestamp)
    {%- endif -%}
{%- endmacro %}
