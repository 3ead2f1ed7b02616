// The guided page "Connect Twilio", loaded when it is opened.

import { Setup } from "./twilio_sms_setup/setup.js";

window.twilio_sms_setup = { Setup };
