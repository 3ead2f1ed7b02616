"""Makes a site as a copy of another one, within the database server: a fraction of the time that installing takes.

Run by the bench's Python, in its sites folder: `copy_site.py ORIGINAL COPY DATABASE_PORT`, with the password of the
database's root in DATABASE_PASSWORD.
"""

import json
import os
import secrets
import shutil
import sys
from pathlib import Path

import frappe
import pymysql

HOST = "127.0.0.1"


def main(original: str, copy: str, port: int):
	config = json.loads((Path(original) / "site_config.json").read_text())
	database, password = f"_{secrets.token_hex(8)}", secrets.token_hex(16)
	with pymysql.connect(
		host=HOST, port=port, user="root", password=os.environ["DATABASE_PASSWORD"], autocommit=True
	) as connection:
		_copy_tables(connection.cursor(), config["db_name"], database)
		_copy_user(connection.cursor(), config["db_name"], database, password)
	shutil.copytree(original, copy, ignore=shutil.ignore_patterns("locks", "logs", "site_config.json"))
	for folder in ("locks", "logs"):
		(Path(copy) / folder).mkdir()
	config.update(db_name=database, db_password=password)
	if "db_user" in config:
		config["db_user"] = database
	# What a site is known by, what its secrets are encrypted with, and what a test that was killed left.
	for key in ("encryption_key", "twilio_sms_home", "twilio_sms_api_base_url"):
		config.pop(key, None)
	# Last: whoever finds it takes the site for a whole one.
	(Path(copy) / "site_config.json").write_text(json.dumps(config, indent=1))
	_settle(copy)


def _copy_tables(cursor, source: str, target: str):
	cursor.execute(f"create database `{target}` character set utf8mb4 collate utf8mb4_unicode_ci")
	cursor.execute("set foreign_key_checks = 0, unique_checks = 0, sql_mode = 'NO_AUTO_VALUE_ON_ZERO'")
	cursor.execute(
		"select table_name, table_type from information_schema.tables where table_schema = %s", [source]
	)
	for name, kind in cursor.fetchall():
		if kind == "SEQUENCE":
			cursor.execute(f"show create sequence `{source}`.`{name}`")
			statement = cursor.fetchone()[1]
			cursor.execute(f"use `{target}`")
			cursor.execute(statement)
			cursor.execute(f"select next_not_cached_value from `{source}`.`{name}`")
			cursor.execute(f"select setval(`{target}`.`{name}`, %s, 0)", cursor.fetchone())
		else:
			cursor.execute(f"create table `{target}`.`{name}` like `{source}`.`{name}`")
			cursor.execute(f"insert into `{target}`.`{name}` select * from `{source}`.`{name}`")


def _copy_user(cursor, like: str, user: str, password: str):
	cursor.execute("select host from mysql.user where user = %s", [like])
	for (host,) in cursor.fetchall():
		cursor.execute("create user %s@%s identified by %s", [user, host, password])
		cursor.execute(f"grant all privileges on `{user}`.* to %s@%s", [user, host])


def _settle(site: str):
	frappe.init(site=site)
	frappe.connect()
	frappe.clear_cache()
	frappe.db.delete("Singles", {"doctype": "Twilio SMS Home"})
	frappe.db.commit()
	if "twilio_sms_channel" in frappe.get_installed_apps():
		from twilio_sms_channel.infra import site_identity

		site_identity.claim_unowned()
	frappe.destroy()


if __name__ == "__main__":
	main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
