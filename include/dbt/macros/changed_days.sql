{#
    For a model of receipt lines: the business days on which it differs from its upstream, because lines arrived,
    were corrected, moved to another day, are priced otherwise or vanished. Days are compared by count, newest load,
    units and what the model names, so a deletion shows although it leaves no row behind, nothing hangs on clocks or
    on a remembered watermark, and a day that was ever missed repairs itself on the next run.

    The model names its upstream in `meta.days_of`, in `meta.days_where` which of the upstream's lines it keeps, and in
    `meta.days_by` a column by which it compares them, since a line may change its kind without being loaded again. For
    the same reason `meta.days_sums` and `meta.days_notes` name columns whose sum, or greatest text, is compared too.
    A column that is new or has another name belongs to them as well: where tenants share a table, the first one's build
    adds it, and it is empty in the others' rows until their days are built again.

    Both the model's query and what deletes its former rows ask for the days. On DuckDB they are compared once and kept
    (incremental.sql).
#}
{% macro changed_days() -%}
    {{ return(adapter.dispatch('changed_days', 'mercurios')()) }}
{%- endmacro %}

{% macro duckdb__changed_days() -%}
    select sold_on from {{ kept_days() }}
{%- endmacro %}

{# The temporary table of the days that changed. #}
{% macro kept_days() -%}
    {{ this.identifier }}__changed_days
{%- endmacro %}

{% macro default__changed_days() -%}
    {%- set meta = config.get('meta', {}) -%}
    {%- set by = meta.get('days_by') -%}
    {%- set compared = {'sum': ['units'] + meta.get('days_sums', []), 'max': ['loaded_at'] + meta.get('days_notes', [])} -%}
    select coalesce(upstream_days.sold_on, model_days.sold_on) as sold_on
    from ({{ day_fingerprints(ref(meta['days_of']), compared, by, meta.get('days_where')) }}) as upstream_days
    full outer join ({{ day_fingerprints(this, compared, by) }}) as model_days
        on upstream_days.sold_on = model_days.sold_on
        {%- if by %} and upstream_days.{{ by }} = model_days.{{ by }} {%- endif %}
    where
        upstream_days.line_count is distinct from model_days.line_count
        {%- for column in compared['sum'] + compared['max'] %}
        or upstream_days.{{ column }} is distinct from model_days.{{ column }}
        {%- endfor %}
{%- endmacro %}


{% macro day_fingerprints(relation, compared, by=none, where=none) -%}
    select
        sold_on,
        {%- if by %} {{ by }}, {%- endif %}
        {%- for function, columns in compared.items() %}
        {%- for column in columns %}
        {{ function }}({{ column }}) as {{ column }},
        {%- endfor %}
        {%- endfor %}
        count(*) as line_count
    from {{ relation }}
    where tenant_id = {{ tenant_id() }} {%- if where %} and {{ where }} {%- endif %}
    group by sold_on {%- if by %}, {{ by }} {%- endif %}
{%- endmacro %}


{#
    Whether this run rebuilds changed days only; `dbt build --full-refresh` rebuilds the tenant's whole history, and so does
    the first build after a release that added columns to the model.
#}
{% macro is_partial_build() -%}
    {%- if not is_incremental() or flags.FULL_REFRESH -%} {{ return(false) }} {%- endif -%}
    {%- set known = adapter.get_columns_in_relation(this) | map(attribute='name') | map('lower') | list -%}
    {{ return(model['columns'] | map('lower') | reject('in', known) | list | length == 0) }}
{%- endmacro %}
