# Nothing is written that nobody reads. Power saving of the radio is in base.hcl and overlay-lwm2m.hcl.

LOG = n

# Left out, see runtime/omitted.hcl: SERIAL, LED_CONTROL, UART_CONSOLE, APP_EVENT_MANAGER_SHOW_EVENTS, AT_HOST_LIBRARY, TFM_LOG_LEVEL_SILENCE.
