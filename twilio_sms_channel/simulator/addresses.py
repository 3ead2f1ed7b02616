"""Addresses that name a channel. Only RCS is sent; what else a customer's message may come from is kept as it is."""

RCS = "rcs:"


def is_rcs(address: str) -> bool:
	return address.startswith(RCS)


def by_rcs(address: str) -> str:
	return address if is_rcs(address) else RCS + address


def without_channel(address: str) -> str:
	return address.removeprefix(RCS)
