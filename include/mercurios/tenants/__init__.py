"""The retailers: what a tenant is, and the folder of files that names them."""

from mercurios.tenants.files import TENANTS_DIR_VARIABLE, TenantFileError, Tenants, load_tenants, tenants_dir
from mercurios.tenants.model import Connections, Forecast, Schedules, Tenant

__all__ = [
    "TENANTS_DIR_VARIABLE",
    "Connections",
    "Forecast",
    "Schedules",
    "Tenant",
    "TenantFileError",
    "Tenants",
    "load_tenants",
    "tenants_dir",
]
