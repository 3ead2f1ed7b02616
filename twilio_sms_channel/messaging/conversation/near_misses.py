"""Messages that sound like a wish for no more messages without being one of the words that opt out.

Twilio goes by the whole message. A person who writes more than the word wants the same, but may also have written "please
don't stop texting me": shown to agents, who are asked before they text again; never acted on.
"""

import re
import unicodedata

READ_CHARACTERS, APART_CHARACTERS = 1600, 40
# Whole messages. Polite words may stand around them.
WORDS = r"""
	stopp?(?:en)?|stop\s*all|stopall|unsubscribe|opt[\s-]?out|revoke|quit|cancel
	|abmelden|abbestellen|aufhoeren|aufhoren
	|arret(?:er?|ez)?|desabonner|desinscrire
	|baja|alto|detener|pare|parar|sair|descadastrar
	|basta|fermare|cancellami|disiscrivimi
	|afmelden|uitschrijven|avsluta|avmeld|afmeld|wypisz
"""
POLITE = r"""
	please|pls|thanks?|thank|you|very|much|all|now|it|this|these|that|them|texts?|texting|messages?|messaging|sms|me|the|i|said|ok(?:ay)?
	|bitte|danke|jetzt|alle|alles|s'il|sil|vous|te|plait|merci|por|favor|gracias|ya|obrigado|obrigada|per|favore|grazie|alsjeblieft|bedankt|tack|tak|takk
"""
NEAR_MISS = re.compile(
	rf"""
	^\W*(?:(?:{POLITE}|sorry|hi|hello|hey|no|nein|non|nao|nee)\b\W*){{0,3}}(?:{WORDS})\b(?:\W+(?:{POLITE}|{WORDS})\b){{0,5}}\W*$
	# English
	| \b(?:stop|quit)\s+(?:\w+\s+){{0,2}}(?:text|texting|messag\w+|sms|contact\w*|bother\w*|spam\w*)
	| \bno\s+more\s+(?:\w+\s+){{0,2}}(?:text|message|sms)s?\b
	| \b(?:don'?t|do\s+not|never)\s+
		(?:(?:ever|send|keep|want|wish|like|to|get|receive|me|us|any|more|your|these|call|phone|ring|write|e-?mail|or|and|nor)\s+){{0,6}}
		(?:text|message|sms|contact)(?:s|ing)?\b
	| \bunsubscribe\b
	| \b(?:remove|delete|take|lose|forget|erase)\s+(?:me|my\s+(?:phone\s+)?number)\b
	| \bopt(?:ing|ed)?(?:\s+me)?[\s-]?out\b
	| \bleave\s+me\s+alone\b
	| (?:^\W*(?:(?:sorry|hi|hello|hey)\W+)?
		|\b(?:you(?:'ve|\s+have)?(?:\s+got)?|got|have|this\s+is|it's|its|texting|texted|reached|contacting|messaging)\s+(?:the\s+|a\s+)?)
		wrong\s+(?:number|person)\b(?!\s+(?:on|of|in|at)\b)
	# German
	| \bkeine\s+(?:\w+\s+){{0,3}}(?:nachrichten|sms|texte|mitteilungen|werbung)\s+(?:\w+\s+)?mehr\b
	| \bkeine\s+weiteren\s+(?:\w+\s+)?(?:nachrichten|sms|texte|mitteilungen)\b
	| \bnicht\s+(?:mehr|weiter)\s+(?:\w+\s+){{0,2}}(?:\w*schreiben|kontaktieren|anrufen)\b
	| \b(?:schreib|kontaktier|text)\w*\s+(?:\w+\s+){{0,3}}nicht\s+mehr\b
	# French
	| \bplus\s+de\s+(?:messages?|sms|textos?)\b
	| \bne\s+(?:m'|me\s+|nous\s+)?(?:\w+\s+){{0,2}}(?:envoye|ecri|contacte|texte)\w*\s+plus\b
	| \b(?:ne\s+)?plus\s+(?:\w+\s+)?recevoir\b
	| \bdes(?:abonn|inscri)\w+
	# Spanish and Portuguese
	| \bno\s+(?:quiero\s+|deseo\s+)?(?:recibir\s+)?mas\s+(?:mensajes|sms|textos)\b
	| \bno\s+me\s+(?:mand|envi|escrib|contact)\w*\s+mas\b
	| \bde\s+baja\b
	| \bnao\s+(?:quero|desejo|envie\w*|mande\w*)\s+(?:\w+\s+){{0,2}}(?:mais|receber)\b
	# Italian
	| \bnon\s+(?:\w+\s+)?(?:scriv|mand|invi|contatt)\w*\s+(?:\w+\s+)?piu\b
	| \bbasta\s+(?:messaggi|sms)\b
	# Dutch, Swedish, Danish, Norwegian
	| \bgeen\s+(?:\w+\s+){{0,2}}(?:berichten|sms\w*)\s+meer\b
	| \b(?:inga|ingen|ikke)\s+(?:fler|flere)\s+(?:meddelanden|sms\w*|beskeder|meldinger)\b
	""",
	re.IGNORECASE | re.VERBOSE,
)
# "s t o p", "STO P".
SPELLED_APART = re.compile(rf"(?:{WORDS})", re.IGNORECASE | re.VERBOSE)
QUOTED = re.compile(r'["“”„«»‹›](?P<words>[^"“”„«»‹›]{8,})(?:["“”„«»‹›]|$)')
# "Liked “…”": what phones send for a tap on one of our messages, which may end in how to stop.
REACTION = re.compile(
	r"^\W*(?:(?:liked|loved|disliked|laughed\s+at|emphasi[sz]ed|questioned|reacted\b.{0,20}|removed\s+an?\b.{0,20}|gefallt|hat|a\s+aime|le\s+gusta)(?:\s+(?:to|from|an))?)?\W*$",
	re.IGNORECASE,
)
HOW_TO_STOP = re.compile(
	r"\b(?:reply|text|send|antwort\w*|repond\w*|respond\w*)\s+(?:\w+\s+)?stop\b", re.IGNORECASE
)
FEW_WORDS = 6


def sounds_like(body: str | None) -> bool:
	"""Whether a message that is no keyword sounds like a wish for no more messages.

	>>> sounds_like("Please stop texting me"), sounds_like("The bus stop is closed")
	(True, False)
	"""
	text = _plain(body)
	if (
		SPELLED_APART.fullmatch(re.sub(r"[\W_]+", "", text[:APART_CHARACTERS]))
		and len(text) <= APART_CHARACTERS
	):
		return True
	return bool(NEAR_MISS.search(_without_our_own_words(text)))


def _plain(body: str | None) -> str:
	"""With plain apostrophes, and without accents: both are left out as often as not. Nor what nobody sees."""
	text = (body or "")[:READ_CHARACTERS].replace("’", "'").replace("ß", "ss")
	return "".join(
		c
		for c in unicodedata.normalize("NFKD", text)
		if not unicodedata.combining(c) and unicodedata.category(c) != "Cf"
	)


def _without_our_own_words(text: str) -> str:
	"""Without a message of ours that the customer quotes to say something about it."""
	rest = QUOTED.sub(" ", text)
	quoted = " ".join(match["words"] for match in QUOTED.finditer(text))
	if not quoted:
		return text
	is_about_ours = HOW_TO_STOP.search(quoted) and len(rest.split()) <= FEW_WORDS
	return rest if is_about_ours or (REACTION.match(rest) and len(quoted.split()) > 3) else text
