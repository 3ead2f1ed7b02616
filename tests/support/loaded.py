"""Imported where the site's processes are to be forked from: loads what they would load each anew."""

import os

from support import preloaded

preloaded.load(os.environ["TWILIO_SMS_SITE"])
preloaded.freeze()
