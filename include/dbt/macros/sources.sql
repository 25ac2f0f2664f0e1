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


{# When a table's newest row arrived, for `dbt source freshness`. #}
{% macro last_change(kind, relation) -%}
    select coalesce({{ run_of_another_source(kind) }}, max(_loaded_at))
    from {{ relation }}
    where tenant_id = {{ tenant_id() }}
{%- endmacro %}


{# When a resource was last read, whether or not anything had changed. #}
{% macro last_read(kind, resource) -%}
    select coalesce({{ run_of_another_source(kind) }}, max(extracted_at))
    from ops.load_ledger
    where
        tenant_id = {{ tenant_id() }}
        and resource = '{{ resource }}'
{%- endmacro %}


{# The newest run of a tenant that is read from another kind of source: it cannot be stale in this one. #}
{% macro run_of_another_source(kind) -%}
    (
        select max(run.started_at)
        from ops.run as run
        inner join raw.tenant as tenant
            on run.tenant_id = tenant.tenant_id
        where
            tenant.tenant_id = {{ tenant_id() }}
            and tenant.source <> '{{ kind }}'
    )
{%- endmacro %}
