-- How many threads write: all cores, or one, which fills each row group before it begins the next.
{% if several %}
reset threads;
{% else %}
set threads = 1;
{% endif %}
