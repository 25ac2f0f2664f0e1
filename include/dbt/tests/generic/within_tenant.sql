{# Every reference has its row in the other model, of the same tenant. A null refers to nothing. #}
{% test within_tenant(model, columns, to) %}
    select references_made.*
    from (
        select distinct
            tenant_id,
            {{ columns | join(', ') }}
        from {{ model }}
        where
            {%- for column in columns %}
            {% if not loop.first %} and {% endif %} {{ column }} is not null
            {%- endfor %}
    ) as references_made
    left join {{ to }} as targets
        on
            references_made.tenant_id = targets.tenant_id
            {%- for column in columns %}
            and references_made.{{ column }} = targets.{{ column }}
            {%- endfor %}
    where targets.tenant_id is null
{% endtest %}
