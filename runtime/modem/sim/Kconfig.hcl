# The simulated modem.

component "modem" {
  if = MODEM_ADAPTER_SIMULATED
}
