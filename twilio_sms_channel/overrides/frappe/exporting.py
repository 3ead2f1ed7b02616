"""Exports of lists and reports: what somebody texted is no formula of the spreadsheet that opens the file."""

import csv
import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

import frappe
from frappe.desk import query_report, reportview

from twilio_sms_channel.overrides.frappe import reading

# Phone numbers and amounts stay as they are.
FORMULA = r"(?:[=@\t\r]|[+-](?![\d\s().-]*(?:[\"\r\n,;|]|$)))"
ALWAYS_QUOTED = (csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC)


@frappe.whitelist()
def of_list(**args: Any) -> None:
	"""A list's export (Frappe: `frappe.desk.reportview.export_query`)."""
	_export(reportview.export_query, args.get("doctype"))


@frappe.whitelist()
def of_report(report_name: str, **args: Any) -> None:
	"""A report's export (Frappe: `frappe.desk.query_report.export_query`)."""
	reading.refuse_columns(report_name, args.get("custom_columns"))
	_export(query_report.export_query, frappe.db.get_value("Report", report_name, "ref_doctype"))


def _export(export: Callable[[], Any], doctype: str | None) -> None:
	if not reading.is_guarded(doctype):
		return export()
	# Frappe v16 would mail it as it is.
	frappe.form_dict.pop("export_in_background", None)
	delimiter = (frappe.form_dict.get("csv_delimiter") or ",")[0]
	quoting = frappe.utils.cint(frappe.form_dict.get("csv_quoting", csv.QUOTE_NONNUMERIC))
	export()
	content = frappe.response.get("filecontent")
	if not content:
		return
	if str(frappe.response.get("filename")).endswith(".csv"):
		frappe.response["filecontent"] = without_formulas(content, delimiter, quoting)
	else:
		frappe.response["filecontent"] = _workbook_without_formulas(content)


def without_formulas(content: bytes, delimiter: str, quoting: int) -> bytes:
	"""A CSV file whose cells no spreadsheet takes for formulas.

	>>> without_formulas(b'"Text"\\r\\n"=1+1"', ",", csv.QUOTE_ALL)
	b'"Text"\\r\\n"\\'=1+1"'
	"""
	text = content.decode()
	if quoting in ALWAYS_QUOTED:
		# Quotes within a cell are doubled, so this is the beginning of one.
		cell = re.compile(rf'((?:^|{re.escape(delimiter)}|\n)")(?={FORMULA})')
		return cell.sub(r"\1'", text).encode()
	rows, formula = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), re.compile(FORMULA)
	file = io.StringIO(newline="")
	csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_MINIMAL).writerows(
		[f"'{value}" if formula.match(value) else value for value in row] for row in rows
	)
	return file.getvalue().encode()


def _workbook_without_formulas(content: bytes) -> bytes:
	from openpyxl import load_workbook

	with zipfile.ZipFile(io.BytesIO(content)) as parts:
		if not any(b"<f>" in parts.read(name) for name in parts.namelist() if "/worksheets/" in name):
			return content
	workbook = load_workbook(io.BytesIO(content))
	for sheet in workbook:
		for row in sheet.iter_rows():
			for cell in row:
				if cell.data_type == "f":
					cell.data_type = "s"
	file = io.BytesIO()
	workbook.save(file)
	return file.getvalue()
