"""Twilio's SDK, as far as this app uses it.

Loading it takes a third of a second, and most requests and jobs never call Twilio: it is loaded with the first call,
and by the sender beforehand, whose calls have to leave in time.
"""

from twilio.base.domain import Domain
from twilio.base.version import Version
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from twilio.rest.api.v2010.account.message import MessageInstance

__all__ = ["Client", "Domain", "MessageInstance", "TwilioHttpClient", "Version"]
