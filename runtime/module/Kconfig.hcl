menu "Cloud module" {
  option "CLOUD_MODULE" {
    type    = bool
    prompt  = "Cloud module"
    default = true
    select  = [QOS]
    help    = "Makes and keeps the connection to the cloud service and carries all data over it."
  }

  group {
    depends_on = CLOUD_MODULE

    option "CLOUD_THREAD_STACK_SIZE" {
      type   = int
      prompt = "Stack size of the cloud module's thread"
      unit   = "bytes"
      effect = "a goroutine's stack grows by itself"
      default {
        value = 6144
        if    = NRF_CLOUD_MQTT && DEBUG_MODULE_MEMFAULT_USE_EXTERNAL_TRANSPORT
      }
      default {
        value = 4096
        if    = NRF_CLOUD_MQTT || DEBUG_MODULE_MEMFAULT_USE_EXTERNAL_TRANSPORT
      }
      default = 2688
    }

    option "CLOUD_CLIENT_ID_USE_CUSTOM" {
      type   = bool
      prompt = "Take the client id from the configuration"
      help   = "Without this the id is the hardware id, see HW_ID_LIBRARY_SOURCE."
    }

    option "CLOUD_CLIENT_ID" {
      type       = string
      prompt     = "Client id"
      depends_on = CLOUD_CLIENT_ID_USE_CUSTOM
      required   = true
      warning    = "the client id is compiled in: such a binary is for one device"
      help       = "The id by which the cloud knows this device. It is compiled in, so such a binary is for one device."
    }

    option "CLOUD_CLIENT_ID_IMEI_PREFIX" {
      type       = string
      prompt     = "Text in front of the IMEI"
      default    = "nrf-"
      depends_on = NRF_CLOUD_MQTT
      planned    = "the nRF Cloud backend"
    }

    option "CLOUD_CONNECT_RETRIES" {
      type    = int
      prompt  = "Number of reconnection attempts"
      default = 10
      range   = [0, 13]
      help    = <<-EOT
        After the first attempt, the connection is tried this many times again, each time after twice the delay: 32 s, 64 s, 128 s…
        When the last attempt has had its delay too, CLOUD_EVT_ERROR follows and the device restarts. 10 means eleven attempts
        over 18 h 12 min; 13 means 6.07 days.
      EOT
    }

    option "CLOUD_BACKOFF_JITTER_PERCENT" {
      type    = int
      prompt  = "Jitter of the delays between attempts"
      default = 25
      range   = [0, 100]
      unit    = "percent"
      origin  = "cloudgen"
      help    = <<-EOT
        Each delay is drawn from the last this many percent of the table's entry, so that a fleet does not come back all at once: with 25
        from 75 % to 100 % of it. 0 gives the table exactly.
      EOT
    }

    option "CLOUD_USER_ASSOCIATION_TIMEOUT_SEC" {
      type       = int
      prompt     = "Time for the user to associate the device"
      default    = 300
      unit       = "s"
      depends_on = NRF_CLOUD_MQTT
      help       = "When the time is over, CLOUD_EVT_ERROR follows and the device restarts."
    }
  }

  # The module's own defaults for libraries.
  option "MQTT_CLEAN_SESSION" {
    type    = bool
    default = true
  }

  option "NRF_CLOUD_AGNSS" {
    type       = bool
    default    = true
    depends_on = LOCATION_MODULE
  }

  group {
    depends_on = NRF_CLOUD_MQTT

    choice "NRF_CLOUD_SEND_SOCKET" {
      default = NRF_CLOUD_SEND_TIMEOUT
    }

    choice "NRF_CLOUD_CLIENT_ID_SRC" {
      default = NRF_CLOUD_CLIENT_ID_SRC_RUNTIME
    }

    option "NRF_CLOUD_LOCATION" {
      type    = bool
      default = true
    }

    option "NRF_CLOUD_DEVICE_STATUS_ENCODE_VOLTAGE" {
      type    = bool
      default = false
    }

    option "NRF_CLOUD_SEND_DEVICE_STATUS" {
      type    = bool
      default = true
    }

    option "NRF_CLOUD_SEND_DEVICE_STATUS_NETWORK" {
      type    = bool
      default = false
    }

    option "NRF_CLOUD_SEND_DEVICE_STATUS_SIM" {
      type    = bool
      default = true
    }

    option "NRF_CLOUD_SEND_SERVICE_INFO_FOTA" {
      type    = bool
      default = true
    }

    option "NRF_CLOUD_SEND_SERVICE_INFO_UI" {
      type    = bool
      default = true
    }

    option "NRF_CLOUD_ENABLE_SVC_INF_UI_TEMP" {
      type    = bool
      default = EXTERNAL_SENSORS
    }

    option "NRF_CLOUD_ENABLE_SVC_INF_UI_HUMID" {
      type    = bool
      default = EXTERNAL_SENSORS
    }

    option "NRF_CLOUD_ENABLE_SVC_INF_UI_AIR_PRESSURE" {
      type    = bool
      default = EXTERNAL_SENSORS
    }

    option "NRF_CLOUD_ENABLE_SVC_INF_UI_AIR_QUALITY" {
      type    = bool
      default = EXTERNAL_SENSORS
    }
  }

  # For a device of Azure IoT Hub the version and the credentials of the image download are the module's own.
  group {
    depends_on = AZURE_IOT_HUB && AZURE_FOTA

    option "AZURE_FOTA_APP_VERSION" {
      type    = string
      default = ASSET_TRACKER_V2_APP_VERSION
    }

    option "AZURE_FOTA_VERSION_MAX_LEN" {
      type    = int
      default = ASSET_TRACKER_V2_APP_VERSION_MAX_LEN
    }

    option "AZURE_FOTA_SEC_TAG" {
      type    = int
      default = MQTT_HELPER_SEC_TAG
    }
  }
}

component "module" {
  if = CLOUD_MODULE
}
