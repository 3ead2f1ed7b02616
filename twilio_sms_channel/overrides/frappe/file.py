"""File, from Frappe v16 on."""

from pathlib import Path


class FileMixin:
	"""A file that is attached once more by its address alone is left as it is.

	Frappe v16 would read it as text, which many a small picture can be, and write down that text in its place. Helpdesk
	attaches files that way when tickets are merged.
	"""

	def before_insert(self) -> None:
		if self.file_url and not (self.is_folder or self.content or self.is_remote_file):
			self.set_file_name()
			if (path := Path(self.get_full_path())).is_file():
				self.content = path.read_bytes()
		super().before_insert()
