{#
    For a model of receipt lines: the business days on which it differs from its upstream, because lines arrived,
    were corrected, moved to another day or vanished. Days are compared by count, newest load and units, so a
    deletion shows although it leaves no row behind, nothing hangs on clocks or on a remembered watermark, and a
    day that was ever missed repairs itself on the next run.

    The model names its upstream in `meta.days_of`, in `meta.days_where` which of the upstream's lines it keeps, and in
    `meta.days_by` a column by which it compares them, since a line may change its kind without being loaded again.
#}
{% macro changed_days() -%}
    {%- set meta = config.get('meta', {}) -%}
    {%- set by = meta.get('days_by') -%}
    select coalesce(upstream_days.sold_on, model_days.sold_on) as sold_on
    from ({{ day_fingerprints(ref(meta['days_of']), by, meta.get('days_where')) }}) as upstream_days
    full outer join ({{ day_fingerprints(this, by) }}) as model_days
        on upstream_days.sold_on = model_days.sold_on
        {%- if by %} and upstream_days.{{ by }} = model_days.{{ by }} {%- endif %}
    where
        upstream_days.line_count is distinct from model_days.line_count
        or upstream_days.loaded_at is distinct from model_days.loaded_at
        or upstream_days.units is distinct from model_days.units
{%- endmacro %}


{% macro day_fingerprints(relation, by=none, where=none) -%}
    select
        sold_on,
        {%- if by %} {{ by }}, {%- endif %}
        count(*) as line_count,
        max(loaded_at) as loaded_at,
        sum(units) as units
    from {{ relation }}
    where tenant_id = {{ tenant_id() }} {%- if where %} and {{ where }} {%- endif %}
    group by sold_on {%- if by %}, {{ by }} {%- endif %}
{%- endmacro %}


{# Whether this run rebuilds changed days only; `dbt build --full-refresh` rebuilds the tenant's whole history. #}
{% macro is_partial_build() -%}
    {%- if not is_incremental() or flags.FULL_REFRESH -%} {{ return(false) }} {%- endif -%}
    {%- set by = config.get('meta', {}).get('days_by') -%}
    {#- A table of an older release, which has no such column yet, is built as a whole. -#}
    {{ return(not by or by in adapter.get_columns_in_relation(this) | map(attribute='name') | map('lower') | list) }}
{%- endmacro %}
