# The simulated modem with a script, whose receiver takes assistance data.

component "modem" {
  if = MODEM_ADAPTER_SCRIPTED && (NRF_CLOUD_AGNSS || NRF_CLOUD_PGPS)
}
