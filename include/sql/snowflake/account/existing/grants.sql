-- What has been granted to a role or user, or will be on tables and views to come.
show {% if future %}future {% endif %}grants to {{ grantee_kind }} {{ grantee | ident }};
