"""How a message travels: what is stored in a message's field `way`."""

SMS, MMS, RCS = "SMS", "MMS", "RCS"
WHATSAPP, MESSENGER, OTHER = "WhatsApp", "Messenger", "Other"
# What a phone gets that takes no RCS.
BY_CARRIER = (SMS, MMS)
