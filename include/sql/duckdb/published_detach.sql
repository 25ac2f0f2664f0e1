{% if not read_only %}
checkpoint {{ alias | ident }};

{% endif %}
detach {{ alias | ident }};
