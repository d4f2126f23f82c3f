# Temperature (object 3303).

component "lwm2m-object" {
  if = LWM2M_IPSO_TEMP_SENSOR
}

group {
  depends_on = LWM2M_IPSO_SUPPORT

  option "LWM2M_IPSO_TEMP_SENSOR" {
    type   = bool
    prompt = "Temperature (object 3303)"
  }

  choice "LWM2M_IPSO_TEMP_SENSOR_VERSION" {
    prompt     = "Version of object 3303"
    depends_on = LWM2M_IPSO_TEMP_SENSOR
    default    = LWM2M_IPSO_TEMP_SENSOR_VERSION_1_0

    option "LWM2M_IPSO_TEMP_SENSOR_VERSION_1_0" {
      type   = bool
      prompt = "1.0"
    }

    option "LWM2M_IPSO_TEMP_SENSOR_VERSION_1_1" {
      type   = bool
      prompt = "1.1"
    }
  }
}
