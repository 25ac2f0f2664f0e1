-- What the account has of one kind of object, the whole of it or what is in one database.
show {{ kinds }}{% if database %} in database {{ database | ident }}{% endif %};
