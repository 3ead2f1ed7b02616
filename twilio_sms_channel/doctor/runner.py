"""One examination: which checks are done, in which order, and what came of each."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field

from twilio_sms_channel.doctor.checks import credentials
from twilio_sms_channel.doctor.context import AccountContext
from twilio_sms_channel.doctor.findings import SEVERITIES, Finding, NotDone
from twilio_sms_channel.twilio_gateway.errors import Refused, TwilioProblem


@dataclass(frozen=True)
class Check:
	name: str
	"""what the names of its findings begin with"""
	look: Callable[..., Iterator[Finding]]
	"""of the site: without parameters; of an account: with the AccountContext"""
	asks_twilio: bool = False
	once: bool = False
	"""of accounts: what it finds is the same whichever it asks with, so the first one that can be asked is enough"""


@dataclass
class Done:
	"""A check that was done, or could not be."""

	check: str
	title: str
	account: str
	""""" for the site's"""
	done: bool
	why_not: str


@dataclass
class Report:
	titles: dict[str, str]
	"""what each check looks at, for people"""
	whole: bool
	"""the whole site was looked at, not one account or number"""
	only: str = ""
	"""the name of the one check that was done"""
	findings: list[Finding] = field(default_factory=list)
	checked: list[Done] = field(default_factory=list)
	subjects: dict[str, set[str]] = field(default_factory=dict)
	"""by account, the documents that its checks looked at"""
	names: dict[tuple[str, str, str], str] = field(default_factory=dict)
	"""names of the findings' rows, by their key"""

	def site(self, check: Check) -> None:
		try:
			self._keep(check.look())
			self._note(check, "", "")
		except NotDone as e:
			self._note(check, "", str(e))

	def account(self, check: Check, account_context: AccountContext) -> None:
		self.subjects[account_context.name] = account_context.asked_for | {
			row.name for row in account_context.numbers
		}
		if check.asks_twilio and account_context.silent:
			self._note(check, account_context.name, account_context.silent)
			return
		try:
			self._keep(check.look(account_context))
			self._note(check, account_context.name, "")
		except NotDone as e:
			self._note(check, account_context.name, str(e))
		except Refused as e:
			# Not open to this login, or not for this kind of account.
			self._note(check, account_context.name, credentials.explained(e))
		except TwilioProblem as e:
			account_context.silent = credentials.explained(e)
			self._keep(iter([credentials.unreachable(account_context, account_context.silent)]))
			self._note(check, account_context.name, account_context.silent)

	def is_done(self, check: Check) -> bool:
		return any(done.check == check.name and done.done for done in self.checked)

	def would_have_found(self, check: str, about: str) -> bool:
		"""Whether a finding that is not there would be there if it were still so.

		:param check: the finding's, e.g. "webhooks.method"
		:param about: name of the document that it is about
		"""
		name = check.partition(".")[0]
		if self.only and name != self.only:
			return False
		of_it = [
			done
			for done in self.checked
			if done.check == name and (not done.account or about in self.subjects[done.account])
		]
		# What is in no subject any more was switched off or deleted.
		return all(done.done for done in of_it) if of_it else self.whole

	def as_dict(self) -> dict:
		"""For programs and screens: the worst first."""
		ordered = sorted(self.findings, key=lambda finding: SEVERITIES.index(finding.severity))
		return {
			"findings": [{"name": self.names.get(f.key, ""), **asdict(f)} for f in ordered],
			"checked": [asdict(done) for done in self.checked],
		}

	def _keep(self, found: Iterator[Finding]) -> None:
		self.findings.extend(found)

	def _note(self, check: Check, account: str, why_not: str) -> None:
		self.checked.append(Done(check.name, self.titles[check.name], account, not why_not, why_not))
