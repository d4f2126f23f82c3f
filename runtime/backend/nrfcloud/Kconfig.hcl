choice "CLOUD_SERVICE" {
  option "NRF_CLOUD_MQTT" {
    type    = bool
    prompt  = "nRF Cloud over MQTT"
    planned = "the nRF Cloud over MQTT backend"
  }
}
