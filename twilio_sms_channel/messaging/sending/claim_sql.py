"""The statements of a claim. They run for each message that leaves: as constants they cost nothing but the database's time."""

SENDER = """
	select
		number.name, number.number_type, number.messaging_service_sid, number.rcs_sender, number.segments_per_second,
		number.reply_to_number,
		number.enabled, number.sms_enabled,
		account.name as account, account.modified, account.enabled as account_enabled, account.paused_since
	from `tabTwilio SMS Number` number
	join `tabTwilio SMS Account` account on account.name = number.account
	where number.name = %(number)s
"""

# One look into the index for each number, however many messages wait.
NEXT_NUMBER = """
	select number from `tabTwilio SMS Message`
	where status = 'Queued' and number > %(last)s order by number limit 1
"""

# Of these the next one is looked for: where many wait in few conversations, there are soon no more to be found.
_NEXT_IN_LINE = """
	select name, conversation, turn, creation from `tabTwilio SMS Message`
	where status = 'Queued' and number = %(number)s
	order by turn, creation limit %(line)s
"""
_ALL = """
	select name, conversation, turn, creation from `tabTwilio SMS Message`
	where status = 'Queued' and number = %(number)s
"""

# Messages that nothing of their own conversation has to precede. What an agent has to decide about was sent long ago, or
# may never be. The condition on names is always true: without it MariaDB collects those of all conversations first.
_OLDEST_OF = """
	select message.name from ({waiting}) message
	where message.name = (
		select first.name from `tabTwilio SMS Message` first
		where first.conversation = message.conversation and first.direction = 'Outbound' and first.status = 'Queued'
		order by first.turn, first.creation limit 1
	)
	and not exists (
		select other.name from `tabTwilio SMS Message` other
		where other.conversation = message.conversation and other.direction = 'Outbound' and other.status = 'Sending'
		and other.needs_decision = 0 and other.name != message.name
	)
	and not exists (
		select other.name from `tabTwilio SMS Message` other
		where other.conversation = message.conversation and other.direction = 'Outbound'
		and other.status = 'Unconfirmed' and other.needs_decision = 0 and other.name != message.name
	)
	order by message.turn, message.creation limit %(most)s
"""
OLDEST = _OLDEST_OF.format(waiting=_NEXT_IN_LINE)
OLDEST_OF_ALL = _OLDEST_OF.format(waiting=_ALL)

# Without those that somebody holds, such as an agent who cancels one.
LOCK = """
	select
		name, conversation, customer_number, body, segments, attempts, tried_since, automatic, turn, creation,
		stands_in_for
	from `tabTwilio SMS Message`
	where name in %(names)s and status = 'Queued' for update skip locked
"""

MARK_SENDING = """
	update `tabTwilio SMS Message`
	set status = 'Sending', attempts = ifnull(attempts, 0) + 1, tried_since = ifnull(tried_since, %(now)s),
		tried_at = %(now)s, modified = %(now)s, way = null, rcs_first = %(rcs_first)s
	where name in %(names)s
"""

WITH_MEDIA = "select parent from `tabTwilio SMS Media` where parent in %(names)s and status = 'Attached'"

SENDING = """
	select message.name as message, message.customer_number, number.name, number.messaging_service_sid
	from `tabTwilio SMS Message` message
	join `tabTwilio SMS Number` number on number.name = message.number
	where message.status = 'Sending'
"""

# The ticket's own conversation of what another number sends in its place.
STANDS_IN_FOR = """
	select conversation.name as conversation, conversation.number as name, number.messaging_service_sid, number.reply_to_number
	from `tabTwilio SMS Conversation` conversation
	left join `tabTwilio SMS Number` number on number.name = conversation.number
	where conversation.name in %(names)s
"""
