{# The texts of a group, separated by commas; null where there is none. #}
{% macro listed(text, by) -%}
    {{ dbt.listagg(text, "', '", 'order by ' ~ by) }}
{%- endmacro %}
