# Everything that a developer does here. Each target is a command of dev/; `python3 dev --help` says more.
# ARGS goes to the command: make test ARGS="-k media -x", make demo ARGS=--once

.PHONY: help docs screenshots test test-twilio-oldest kill-matrix fault-matrix hostile outage site demo journey bench-inbound bench-outbound status restart stop clean lint translations renew addresses release-notes

help:
	@python3 dev --help

test:
	@python3 dev test -- $(ARGS)

test-twilio-oldest:
	@python3 dev test-twilio-oldest -- $(ARGS)

# Longer versions of what is in the suite.
kill-matrix fault-matrix hostile outage:
	@python3 dev $@ -- $(ARGS)

site:
	@python3 dev site $(ARGS)

demo journey:
	@python3 dev $@ $(ARGS)

bench-inbound bench-outbound:
	@python3 dev $@ $(ARGS)

docs screenshots:
	@python3 dev $@ $(ARGS)

translations:
	@python3 dev translations $(ARGS)

restart renew addresses release-notes:
	@python3 dev $@ $(ARGS)

status stop clean lint:
	@python3 dev $@
