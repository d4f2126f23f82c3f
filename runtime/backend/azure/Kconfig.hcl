choice "CLOUD_SERVICE" {
  option "AZURE_IOT_HUB" {
    type    = bool
    prompt  = "Azure IoT Hub"
    planned = "the Azure IoT Hub backend"
  }
}
