"""Frappe's worker for one site, which has loaded before it forks what each job would load anew: most of a job's time here.

Run by the bench's Python in its sites folder, with the site's name in THROWAWAY_SITE.
"""

import os
import sys
from pathlib import Path

import frappe.utils.background_jobs

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support import preloaded

preloaded.load(os.environ["THROWAWAY_SITE"])
preloaded.freeze()
frappe.utils.background_jobs.start_worker()
