# One log level for each module (reference 1.1), in the order of the tree.

source "Kconfig.template.hcl" {
  variables = { module = "APPLICATION_MODULE", module-str = "application" }
}

source "Kconfig.template.hcl" {
  variables = { module = "CLOUD_MODULE", module-str = "cloud module" }
}

source "Kconfig.template.hcl" {
  variables = { module = "CLOUD_INTEGRATION", module-str = "backend" }
}

source "Kconfig.template.hcl" {
  variables = { module = "CLOUD_CODEC", module-str = "codec" }
}

source "Kconfig.template.hcl" {
  variables = { module = "DATA_MODULE", module-str = "data module" }
}

source "Kconfig.template.hcl" {
  variables = { module = "MODEM_MODULE", module-str = "modem module" }
}

source "Kconfig.template.hcl" {
  variables = { module = "LOCATION_MODULE", module-str = "location module" }
}

source "Kconfig.template.hcl" {
  variables = { module = "SENSOR_MODULE", module-str = "sensor module" }
}

source "Kconfig.template.hcl" {
  variables = { module = "UTIL_MODULE", module-str = "reboot and shutdown" }
}

source "Kconfig.template.hcl" {
  variables = { module = "DEBUG_MODULE", module-str = "debug module" }
}

source "Kconfig.template.hcl" {
  variables = { module = "WATCHDOG", module-str = "watchdog" }
}

source "Kconfig.template.hcl" {
  variables = { module = "DATE_TIME", module-str = "time of day" }
}

source "Kconfig.template.hcl" {
  variables = { module = "QOS", module-str = "list of pending messages" }
}

source "Kconfig.template.hcl" {
  variables = { module = "MQTT_HELPER", module-str = "MQTT connection" }
}

source "Kconfig.template.hcl" {
  variables = { module = "MQTT", module-str = "MQTT client library" }
}

source "Kconfig.template.hcl" {
  variables = { module = "AWS_IOT", module-str = "AWS IoT Core backend" }
}

source "Kconfig.template.hcl" {
  variables = { module = "AWS_JOBS", module-str = "AWS Jobs" }
}

source "Kconfig.template.hcl" {
  variables = { module = "AWS_FOTA", module-str = "FOTA by AWS Jobs" }
}

source "Kconfig.template.hcl" {
  variables = { module = "AZURE_IOT_HUB", module-str = "Azure IoT Hub backend" }
}

source "Kconfig.template.hcl" {
  variables = { module = "AZURE_FOTA", module-str = "FOTA by the device twin" }
}

source "Kconfig.template.hcl" {
  variables = { module = "NRF_CLOUD", module-str = "nRF Cloud backend" }
}

source "Kconfig.template.hcl" {
  variables = { module = "NRF_CLOUD_FOTA", module-str = "FOTA from nRF Cloud" }
}

source "Kconfig.template.hcl" {
  variables = { module = "NRF_CLOUD_GPS", module-str = "assistance data" }
}

source "Kconfig.template.hcl" {
  variables = { module = "NRF_CLOUD_ALERT", module-str = "alerts" }
}

source "Kconfig.template.hcl" {
  variables = { module = "NRF_CLOUD_LOG", module-str = "log in the cloud" }
}

source "Kconfig.template.hcl" {
  variables = { module = "LWM2M", module-str = "LwM2M engine" }
}

source "Kconfig.template.hcl" {
  variables = { module = "LWM2M_CLIENT_UTILS", module-str = "LwM2M client utilities" }
}

source "Kconfig.template.hcl" {
  variables = { module = "LOCATION", module-str = "location library" }
}

source "Kconfig.template.hcl" {
  variables = { module = "FOTA_DOWNLOAD", module-str = "FOTA" }
}

source "Kconfig.template.hcl" {
  variables = { module = "DOWNLOAD_CLIENT", module-str = "download client" }
}

source "Kconfig.template.hcl" {
  variables = { module = "DFU_TARGET", module-str = "installation of images" }
}

source "Kconfig.template.hcl" {
  variables = { module = "FMFU_FDEV", module-str = "programming of the modem" }
}
