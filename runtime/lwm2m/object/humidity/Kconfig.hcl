# Humidity (object 3304).

component "lwm2m-object" {
  if = LWM2M_IPSO_HUMIDITY_SENSOR
}

group {
  depends_on = LWM2M_IPSO_SUPPORT

  option "LWM2M_IPSO_HUMIDITY_SENSOR" {
    type   = bool
    prompt = "Humidity (object 3304)"
  }

  choice "LWM2M_IPSO_HUMIDITY_SENSOR_VERSION" {
    prompt     = "Version of object 3304"
    depends_on = LWM2M_IPSO_HUMIDITY_SENSOR
    default    = LWM2M_IPSO_HUMIDITY_SENSOR_VERSION_1_0

    option "LWM2M_IPSO_HUMIDITY_SENSOR_VERSION_1_0" {
      type   = bool
      prompt = "1.0"
    }

    option "LWM2M_IPSO_HUMIDITY_SENSOR_VERSION_1_1" {
      type   = bool
      prompt = "1.1"
    }
  }
}
