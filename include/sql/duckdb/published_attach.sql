attach '{{ path }}' as {{ alias | ident }} {% if read_only %}(read_only){% endif %};
