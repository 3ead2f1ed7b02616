"""Where releases of Frappe differ, and no single call tells.

What differs between Helpdesk's releases stands in `desks/helpdesk`, which asks for the capability instead.
"""

import frappe
from frappe.utils import scheduler
from redis.exceptions import RedisError

IS_V16 = int(frappe.__version__.split(".")[0]) >= 16
# Where Desk is.
DESK = "/desk" if IS_V16 else "/app"
# What a permission hook answers when it has nothing to say. Before v16 the first hook with an opinion decides, and None
# is none; from v16 on every hook has to agree.
NO_OPINION = True if IS_V16 else None
# From v16 on Frappe turns jobs away when very many wait.
QUEUE_IS_FULL = getattr(frappe, "QueueOverloaded", RedisError)
# How often the scheduler runs when nothing is set, in seconds. Before v16 that stands in a function only.
SCHEDULER_TICK_S = getattr(scheduler, "DEFAULT_SCHEDULER_TICK", 60)
