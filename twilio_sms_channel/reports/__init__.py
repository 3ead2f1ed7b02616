"""Figures for those who look after the channel: what the reports, charts and cards of the workspace share.

The reports themselves are in `twilio_sms_channel/report/`, the workspace in `twilio_sms_channel/workspace/`.
"""
