{# The texts of a group, separated by commas; null where there are none. #}
{% macro listed(text, by) -%}
    {{ dbt.listagg(text, "', '", 'order by ' ~ by) }}
{%- endmacro %}
