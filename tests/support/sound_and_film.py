"""Sound and film as far as their type can be told by it; nothing that plays."""


def film(brand: bytes, *tracks: bytes) -> bytes:
	"""An MP4 or one of its family, without the film itself.

	:param tracks: what its tracks hold, b"vide", b"soun" …
	"""

	def box(name, inside):
		return (8 + len(inside)).to_bytes(4, "big") + name + inside

	def track(kind):
		return box(b"trak", box(b"mdia", box(b"hdlr", b"\0" * 8 + kind + b"\0" * 13)))

	head = box(b"ftyp", brand + b"\0\0\2\0" + brand + b"isom")
	return head + box(b"mdat", b"\0" * 9) + box(b"moov", b"".join(map(track, tracks)))


def webm(*codecs: bytes) -> bytes:
	return b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm" + b"\0".join([b"", *codecs, b"\0" * 300])
