"""Ticket systems: what the channel needs of one (`base`), which there are (`registry`), and a folder for each."""
