-- Services. They sign in with a key pair and from known networks, and have no password. Rotating a key: put the new one
-- into public_key_2, apply, change the service's private key, move the new key to public_key, apply.
{% for service in services %}
use role useradmin;

create user if not exists {{ service.user | ident }}
    type = service
    default_role = {{ service.role | ident }}
    default_warehouse = {{ service.warehouse | ident }}
    comment = '{{ service.purpose }}';

alter user {{ service.user | ident }} set default_secondary_roles = ();

{% if service.is_fivetran %}
-- What Fivetran's loader writes binary values and timestamps as.
alter user {{ service.user | ident }} set binary_input_format = 'BASE64';

alter user {{ service.user | ident }} set timestamp_input_format = 'AUTO';

{% endif %}
use role securityadmin;

grant role {{ service.role | ident }} to user {{ service.user | ident }};

create network policy if not exists {{ service.network_policy | ident }}
    allowed_ip_list = ({{ service.network_list }})
    comment = 'Where {{ service.user | ident }} may sign in from';

alter network policy {{ service.network_policy | ident }} set allowed_ip_list = ({{ service.network_list }});

-- On the user, where it takes precedence over a policy of the account.
alter user {{ service.user | ident }} set network_policy = {{ service.network_policy | ident }};

-- Last, so that no one can sign in before all of this holds.
alter user {{ service.user | ident }} set rsa_public_key = '{{ service.public_key }}';

{% if service.public_key_2 %}
alter user {{ service.user | ident }} set rsa_public_key_2 = '{{ service.public_key_2 }}';
{% else %}
alter user {{ service.user | ident }} unset rsa_public_key_2;
{% endif %}

{% endfor %}
