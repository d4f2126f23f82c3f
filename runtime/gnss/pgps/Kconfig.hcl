# Predicted assistance data.

component "pgps" {
  if = NRF_CLOUD_PGPS
}
