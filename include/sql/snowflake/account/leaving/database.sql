-- The database of a tenant that had it alone, and then its loader: no one signs in for it any more.
use role sysadmin;

drop database if exists {{ database | ident }};

use role useradmin;

drop user if exists {{ service.user | ident }};

use role securityadmin;

drop network policy if exists {{ service.network_policy | ident }};

use role useradmin;

drop role if exists {{ service.role | ident }};
