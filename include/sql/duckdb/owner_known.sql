select tenant_id
from ops.owner;
