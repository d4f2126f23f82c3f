choice "CLOUD_SERVICE" {
  option "LWM2M_INTEGRATION" {
    type    = bool
    prompt  = "LwM2M"
    planned = "the LwM2M backend"
  }
}
