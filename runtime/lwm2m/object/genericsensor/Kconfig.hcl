# Sensor of any kind (object 3300), as Zephyr has it.

component "lwm2m-object" {
  if = LWM2M_IPSO_GENERIC_SENSOR
}

group {
  depends_on = LWM2M_IPSO_SUPPORT

  option "LWM2M_IPSO_GENERIC_SENSOR" {
    type   = bool
    prompt = "Sensor of any kind (object 3300)"
  }

  choice "LWM2M_IPSO_GENERIC_SENSOR_VERSION" {
    prompt     = "Version of object 3300"
    depends_on = LWM2M_IPSO_GENERIC_SENSOR
    default    = LWM2M_IPSO_GENERIC_SENSOR_VERSION_1_0

    option "LWM2M_IPSO_GENERIC_SENSOR_VERSION_1_0" {
      type   = bool
      prompt = "1.0"
    }

    option "LWM2M_IPSO_GENERIC_SENSOR_VERSION_1_1" {
      type   = bool
      prompt = "1.1"
    }
  }
}
