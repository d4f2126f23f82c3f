# Pressure (object 3323).

component "lwm2m-object" {
  if = LWM2M_IPSO_PRESSURE_SENSOR
}

group {
  depends_on = LWM2M_IPSO_SUPPORT

  option "LWM2M_IPSO_PRESSURE_SENSOR" {
    type   = bool
    prompt = "Pressure (object 3323)"
  }

  choice "LWM2M_IPSO_PRESSURE_SENSOR_VERSION" {
    prompt     = "Version of object 3323"
    depends_on = LWM2M_IPSO_PRESSURE_SENSOR
    default    = LWM2M_IPSO_PRESSURE_SENSOR_VERSION_1_0

    option "LWM2M_IPSO_PRESSURE_SENSOR_VERSION_1_0" {
      type   = bool
      prompt = "1.0"
    }

    option "LWM2M_IPSO_PRESSURE_SENSOR_VERSION_1_1" {
      type   = bool
      prompt = "1.1"
    }
  }
}
