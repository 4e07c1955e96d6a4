"""Who may do what in the warehouse: users, roles, owners and grants, as Redshift keeps and judges them."""

from local_cloud.redshift.rights.register import create_register, require_login
from local_cloud.redshift.rights.session import Rights

__all__ = ["Rights", "create_register", "require_login"]
