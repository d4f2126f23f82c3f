# The simulated modem with a script.

component "modem" {
  if = MODEM_ADAPTER_SCRIPTED
}
