"""Twilio's REST API: a module for each kind of resource, and `api`, which logs requests in and passes them on."""
