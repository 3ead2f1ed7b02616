"""Failures told to a person: what happened, why, what to do."""

import re
import traceback
from pathlib import Path

from layout import LOGS


class Trouble(Exception):
	def __init__(self, what: str, why: str = "", advice: str = "", log: "Path | None" = None):
		super().__init__(what)
		self.what = what
		self.why = why
		self.advice = advice
		self.log = log

	def told(self) -> str:
		lines = [f"✗ {self.what}"]
		if self.why:
			lines.append(f"  why:  {self.why}")
		if self.advice:
			lines.append(f"  do:   {self.advice}")
		if self.log and self.log.exists():
			lines.append(f"  log:  {self.log}")
			lines += [f"  | {line}" for line in tail(self.log)]
		return "\n".join(lines)


def unexpected(error: Exception) -> Trouble:
	"""What nobody thought of: its traceback goes into a log, for whoever mends it."""
	LOGS.mkdir(parents=True, exist_ok=True)
	log = LOGS / "unexpected.log"
	with log.open("a") as file:
		traceback.print_exception(error, file=file)
	return Trouble(
		f"this program has a fault: {type(error).__name__}: {error}",
		advice="run the same command again; if it happens again, report it with the log",
		log=log,
	)


def tail(file: Path, lines: int = 25) -> "list[str]":
	"""The end of a log for people: of a traceback only what was raised."""
	return without_tracebacks(file.read_text(errors="replace").splitlines()[-200:])[-lines:]


def without_tracebacks(lines: "list[str]") -> "list[str]":
	kept, is_inside = [], False
	for line in lines:
		if line.startswith("Traceback (most recent call last)"):
			is_inside = True
		elif is_inside and line.startswith(" "):
			continue
		else:
			is_inside = False
			kept.append(line)
	return kept


# What the tools say, and what it means for the person at the keyboard. The first that matches counts.
NOTHING_FITS = "the registry has no version of a package that fits"

MEANINGS = (
	(
		r"No space left on device|ENOSPC|Disk quota exceeded|errno: 28",
		"the disk is full",
		"free some space (about 2.5 GB are needed), then run the same command again",
	),
	(
		r"DO NOT MATCH THE HASHES|EINTEGRITY|Hash Sum mismatch|Hash mismatch",
		"a downloaded package is not the one that was checked when its hash was written down",
		"do not use it: look into a proxy or mirror in between, then run the same command again",
	),
	(
		r"Could not get lock /var/lib|Unable to acquire the dpkg frontend lock",
		"another package installation is running on this machine",
		"wait until it is done, then run the same command again",
	),
	(
		r"sudo: .*(password|terminal)|is not in the sudoers|may not run sudo",
		"Debian packages are missing and you may not install any",
		"ask an administrator to install the packages named above, then run the same command again",
	),
	(
		r"Unable to locate package|has no installation candidate",
		"this machine's package lists do not have a package of that name",
		"this is made for Debian 12; elsewhere install MariaDB 10.6+, Redis 6+ and Node.js 18.17+ by hand",
	),
	(
		r"name resolution|\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ECONNRESET)\b|Could not resolve|"
		r"NewConnectionError|Network is unreachable|Failed to fetch|dns error|error sending request|"
		r"Read timed out|ConnectTimeout|ProxyError|certificate verify failed|Could not connect to",
		"a package registry cannot be reached",
		"check the network, and the proxy or mirror settings of the tool that the log names; then run the "
		"same command again: it goes on where it stopped",
	),
	(
		r"No matching distribution|No solution found|ResolutionImpossible|ETARGET|no matching version",
		NOTHING_FITS,
		"see the log for the package; it is asked for in dev/ or in pyproject.toml",
	),
	(
		r"Failed building wheel|error: command .*gcc|Python\.h: No such file",
		"a package would have to be compiled: there is no ready-made one for this Python or processor",
		"use Python 3.10 or 3.11 on x86-64 or 64-bit ARM",
	),
	(
		r"Permission denied|EACCES",
		"files here belong to somebody else",
		"`make clean`, with the rights it needs",
	),
)


def meaning(output: str) -> "tuple[str, str]":
	"""Why a tool failed and what to do about it, as far as its output tells."""
	for pattern, why, advice in MEANINGS:
		if re.search(pattern, output):
			return why, advice
	return "", "read the log's end below; when it is mended, run the same command again: it goes on from here"
