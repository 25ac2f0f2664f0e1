{#
    Keeps the rows of tenants that are read from a source of this kind. A tenant that has changed its source leaves the
    rows of the former one in RAW; modelled beside the new ones they would count twice.
#}
{% macro is_read_from(kind, tenant='tenant_id') -%}
    {{ tenant }} not in (
        select tenant_id
        from {{ ref('stg_mercurios__tenants') }}
        where source_kind <> '{{ kind }}'
    )
{%- endmacro %}
