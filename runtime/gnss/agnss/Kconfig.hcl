# Assistance data for now.

component "agnss" {
  if = NRF_CLOUD_AGNSS
}
