# nRF Cloud over MQTT (reference 1.12, its part of 1.13, and 1.14). Its transports REST and CoAP, which nothing of the cloud module uses, are
# left out: see ../../omitted.hcl.

choice "CLOUD_SERVICE" {
  option "NRF_CLOUD_MQTT" {
    type    = bool
    prompt  = "nRF Cloud over MQTT"
    select  = [MQTT_LIB, MQTT_LIB_TLS]
    planned = "the nRF Cloud over MQTT backend"
  }
}

menu "nRF Cloud" {
  planned = "the nRF Cloud over MQTT backend"

  option "NRF_CLOUD_SEC_TAG" {
    type    = int
    prompt  = "Security tag of the credentials"
    default = 16842753
    range   = [0, 2147483647]
    help    = "Folder TAG below the credentials folder, with ca.pem, cert.pem and key.pem."
  }

  group {
    depends_on = NRF_CLOUD_MQTT

    option "NRF_CLOUD_HOST_NAME" {
      type    = string
      prompt  = "Host name of the broker"
      default = "mqtt.nrfcloud.com"
      pattern = "^[A-Za-z0-9.-]+$"
    }

    option "NRF_CLOUD_PORT" {
      type    = int
      prompt  = "Port of the broker"
      default = 8883
      range   = [1, 65535]
    }

    option "NRF_CLOUD_MQTT_KEEPALIVE" {
      type    = int
      prompt  = "Keep-alive"
      default = 1200
      range   = [0, 65535]
      unit    = "s"
      help    = "In place of MQTT_KEEPALIVE."
    }

    option "NRF_CLOUD_MQTT_UA_WAIT_KEEPALIVE" {
      type    = int
      prompt  = "Keep-alive while the user has not associated the device"
      default = 30
      range   = [0, 65535]
      unit    = "s"
    }

    option "NRF_CLOUD_MQTT_PAYLOAD_BUFFER_LEN" {
      type   = int
      prompt = "Largest payload that is taken"
      range  = [1, 268435455]
      unit   = "bytes"
      default {
        value = 2144
        if    = NRF_CLOUD_AGNSS
      }
      default = 2048
    }

    choice "NRF_CLOUD_SEND_SOCKET" {
      prompt  = "Writing"
      default = NRF_CLOUD_SEND_BLOCKING

      option "NRF_CLOUD_SEND_BLOCKING" {
        type   = bool
        prompt = "Wait until the data is out"
      }

      option "NRF_CLOUD_SEND_NONBLOCKING" {
        type   = bool
        prompt = "Fail where it would wait"
      }

      option "NRF_CLOUD_SEND_TIMEOUT" {
        type   = bool
        prompt = "Wait for at most NRF_CLOUD_SEND_TIMEOUT_SEC"
      }
    }

    option "NRF_CLOUD_SEND_TIMEOUT_SEC" {
      type    = int
      prompt  = "Time that a write may take"
      default = 60
      range   = [1, 86400]
      unit    = "s"
    }

    option "NRF_CLOUD_MQTT_SHADOW_TRANSFORMS" {
      type   = bool
      prompt = "Ask for parts of the shadow by JSONata"
    }

    option "NRF_CLOUD_STATIC_IPV4" {
      type   = bool
      prompt = "Fixed address of the broker"
    }

    option "NRF_CLOUD_STATIC_IPV4_ADDR" {
      type       = string
      prompt     = "Address of the broker, in place of a look-up"
      default    = "192.168.2.2"
      pattern    = "^[0-9]{1,3}([.][0-9]{1,3}){3}$"
      depends_on = NRF_CLOUD_STATIC_IPV4
    }

    option "NRF_CLOUD_IPV6" {
      type   = bool
      prompt = "Use IPv6"
    }

    option "NRF_CLOUD_GATEWAY" {
      type   = bool
      prompt = "Topics of a gateway"
    }

    option "NRF_CLOUD_ALERT" {
      type   = bool
      prompt = "Alerts"
    }

    option "NRF_CLOUD_ALERT_SEQ_ALWAYS" {
      type       = bool
      prompt     = "Number alerts also where they have a time"
      default    = true
      depends_on = NRF_CLOUD_ALERT
    }

    option "NRF_CLOUD_PRINT_DETAILS" {
      type    = bool
      prompt  = "Write the device id to the log"
      default = true
    }

    option "NRF_CLOUD_VERBOSE_DETAILS" {
      type       = bool
      prompt     = "Write protocol, security tag, host and team to the log"
      default    = true
      depends_on = NRF_CLOUD_PRINT_DETAILS
    }
  }

  menu "Client id" {
    depends_on = NRF_CLOUD_MQTT

    choice "NRF_CLOUD_CLIENT_ID_SRC" {
      prompt  = "Source of the client id"
      default = NRF_CLOUD_CLIENT_ID_SRC_IMEI

      option "NRF_CLOUD_CLIENT_ID_SRC_IMEI" {
        type   = bool
        prompt = "IMEI of the modem"
      }

      option "NRF_CLOUD_CLIENT_ID_SRC_COMPILE_TIME" {
        type   = bool
        prompt = "NRF_CLOUD_CLIENT_ID"
      }

      option "NRF_CLOUD_CLIENT_ID_SRC_HW_ID" {
        type       = bool
        prompt     = "Hardware id"
        depends_on = HW_ID_LIBRARY
      }

      option "NRF_CLOUD_CLIENT_ID_SRC_RUNTIME" {
        type   = bool
        prompt = "The cloud module"
        help   = "See CLOUD_CLIENT_ID and CLOUD_CLIENT_ID_IMEI_PREFIX."
      }
    }

    option "NRF_CLOUD_CLIENT_ID_PREFIX" {
      type       = string
      prompt     = "Text in front of the IMEI"
      default    = "nrf-"
      depends_on = NRF_CLOUD_CLIENT_ID_SRC_IMEI
    }

    option "NRF_CLOUD_CLIENT_ID" {
      type       = string
      prompt     = "Client id"
      default    = "my-client-id"
      depends_on = NRF_CLOUD_CLIENT_ID_SRC_COMPILE_TIME
    }
  }

  menu "What the device tells of itself" {
    depends_on = NRF_CLOUD_MQTT

    option "NRF_CLOUD_SEND_DEVICE_STATUS" {
      type       = bool
      prompt     = "Device"
      depends_on = MODEM_INFO && MODEM_INFO_ADD_DEVICE
      default    = NRF_CLOUD_FOTA
      help       = "deviceInfo in the shadow, written once connected."
    }

    option "NRF_CLOUD_DEVICE_STATUS_ENCODE_VOLTAGE" {
      type       = bool
      prompt     = "Voltage of the battery"
      depends_on = MODEM_INFO && MODEM_INFO_ADD_DEVICE
      default    = true
    }

    option "NRF_CLOUD_SEND_DEVICE_STATUS_NETWORK" {
      type       = bool
      prompt     = "Network"
      depends_on = MODEM_INFO && MODEM_INFO_ADD_NETWORK
      help       = "networkInfo in the shadow."
    }

    option "NRF_CLOUD_SEND_DEVICE_STATUS_SIM" {
      type       = bool
      prompt     = "SIM card"
      depends_on = MODEM_INFO && MODEM_INFO_ADD_SIM
      help       = "simInfo in the shadow."
    }

    option "NRF_CLOUD_SEND_DEVICE_STATUS_CONN_INF" {
      type    = bool
      prompt  = "Connection"
      default = true
      help    = "connectionInfo in the shadow."
    }

    option "NRF_CLOUD_SEND_SERVICE_INFO_FOTA" {
      type    = bool
      prompt  = "Types of FOTA"
      default = NRF_CLOUD_FOTA
      help    = "serviceInfo in the shadow."
    }

    option "NRF_CLOUD_SEND_SERVICE_INFO_UI" {
      type   = bool
      prompt = "Cards on the device's page"
      help   = "serviceInfo in the shadow."
    }

    group {
      depends_on = NRF_CLOUD_SEND_SERVICE_INFO_UI

      option "NRF_CLOUD_ENABLE_SVC_INF_UI_MAP" {
        type    = bool
        prompt  = "Map"
        default = true
      }

      option "NRF_CLOUD_ENABLE_SVC_INF_UI_RSRP" {
        type    = bool
        prompt  = "Signal"
        default = true
      }

      option "NRF_CLOUD_ENABLE_SVC_INF_UI_LOGS" {
        type    = bool
        prompt  = "Log"
        default = NRF_CLOUD_LOG_TEXT_LOGGING_ENABLED
      }

      option "NRF_CLOUD_ENABLE_SVC_INF_UI_TEMP" {
        type   = bool
        prompt = "Temperature"
      }

      option "NRF_CLOUD_ENABLE_SVC_INF_UI_HUMID" {
        type   = bool
        prompt = "Humidity"
      }

      option "NRF_CLOUD_ENABLE_SVC_INF_UI_AIR_PRESSURE" {
        type   = bool
        prompt = "Air pressure"
      }

      option "NRF_CLOUD_ENABLE_SVC_INF_UI_AIR_QUALITY" {
        type   = bool
        prompt = "Air quality"
      }

      option "NRF_CLOUD_ENABLE_SVC_INF_UI_ORIENTATION" {
        type   = bool
        prompt = "Orientation"
      }
    }

    option "NRF_CLOUD_SEND_SHADOW_INFO" {
      type = bool
      default = (
        NRF_CLOUD_SEND_DEVICE_STATUS || NRF_CLOUD_SEND_DEVICE_STATUS_NETWORK || NRF_CLOUD_SEND_DEVICE_STATUS_SIM ||
        NRF_CLOUD_SEND_DEVICE_STATUS_CONN_INF || NRF_CLOUD_SEND_SERVICE_INFO_FOTA || NRF_CLOUD_SEND_SERVICE_INFO_UI
      )
      help = "At least one of the sections above is sent."
    }
  }

  menu "Log in the cloud" {
    depends_on = NRF_CLOUD_MQTT

    option "NRF_CLOUD_LOG_DIRECT" {
      type    = bool
      prompt  = "Records that the application sends"
      default = true
    }

    option "NRF_CLOUD_LOG_BACKEND" {
      type   = bool
      prompt = "The firmware's log"
    }

    option "NRF_CLOUD_LOG_SEQ_ALWAYS" {
      type       = bool
      prompt     = "Number records also where they have a time"
      default    = true
      depends_on = NRF_CLOUD_LOG_BACKEND
    }

    option "NRF_CLOUD_LOG_RING_BUF_SIZE" {
      type       = int
      prompt     = "Bytes of the log that wait for the connection"
      default    = 2048
      range      = [256, 1048576]
      unit       = "bytes"
      depends_on = NRF_CLOUD_LOG_BACKEND
    }

    option "NRF_CLOUD_LOG_BUF_SIZE" {
      type    = int
      prompt  = "Longest record"
      default = 256
      range   = [64, 65535]
      unit    = "bytes"
    }

    option "NRF_CLOUD_LOG_OUTPUT_LEVEL" {
      type    = int
      prompt  = "Level up to which records are sent"
      default = 1
      range   = [0, 4]
      help    = "0 off, 1 errors, 2 warnings, 3 information, 4 debug. The cloud may set another one."
    }

    option "NRF_CLOUD_LOG_INCLUDE_LEVEL_0" {
      type   = bool
      prompt = "Send also records without a level"
    }

    option "NRF_CLOUD_LOG_TEXT_LOGGING_ENABLED" {
      type    = bool
      default = NRF_CLOUD_LOG_BACKEND || NRF_CLOUD_LOG_DIRECT
      help    = "Records are sent as text."
    }
  }

  menu "Location by the cloud" {
    option "NRF_CLOUD_LOCATION" {
      type       = bool
      prompt     = "Location by cells and Wi-Fi access points"
      depends_on = NRF_CLOUD_MQTT
    }

    option "NRF_CLOUD_LOCATION_ANCHOR_LIST" {
      type       = bool
      prompt     = "Ask which known access points were found"
      depends_on = WIFI
    }

    option "NRF_CLOUD_LOCATION_ANCHOR_LIST_BUFFER_SIZE" {
      type       = int
      prompt     = "Longest list of names"
      default    = 185
      range      = [1, 65535]
      unit       = "bytes"
      depends_on = NRF_CLOUD_LOCATION_ANCHOR_LIST
    }

    option "NRF_CLOUD_LOCATION_PARSE_ANCHORS" {
      type       = bool
      prompt     = "Take the list apart"
      depends_on = WIFI
    }

    choice "NRF_CLOUD_WIFI_LOCATION_ENCODE_OPT" {
      prompt     = "What is told of an access point"
      depends_on = NRF_CLOUD_MQTT
      default    = NRF_CLOUD_WIFI_LOCATION_ENCODE_OPT_MAC_RSSI

      option "NRF_CLOUD_WIFI_LOCATION_ENCODE_OPT_MAC_ONLY" {
        type   = bool
        prompt = "Address"
      }

      option "NRF_CLOUD_WIFI_LOCATION_ENCODE_OPT_MAC_RSSI" {
        type   = bool
        prompt = "Address and signal"
      }

      option "NRF_CLOUD_WIFI_LOCATION_ENCODE_OPT_ALL" {
        type   = bool
        prompt = "All that is known"
      }
    }
  }
}

menu "nRF Cloud FOTA" {
  planned = "FOTA from nRF Cloud"

  option "FOTA_USE_NRF_CLOUD_SETTINGS_AREA" {
    type    = bool
    prompt  = "Keep the job where the nRF Cloud library keeps it"
    default = true
    effect  = "the job is kept below the data folder, under one name for all versions"
  }

  option "NRF_CLOUD_FOTA" {
    type       = bool
    prompt     = "FOTA from nRF Cloud"
    depends_on = FOTA_USE_NRF_CLOUD_SETTINGS_AREA
    select     = [FOTA_DOWNLOAD, FOTA_DOWNLOAD_PROGRESS_EVT, DFU_TARGET, DOWNLOAD_CLIENT]
    default    = NRF_CLOUD_MQTT
  }

  group {
    depends_on = NRF_CLOUD_FOTA

    option "NRF_CLOUD_FOTA_AUTO_START_JOB" {
      type    = bool
      prompt  = "Start a job at once"
      default = true
      help    = "n: the application says when."
    }

    option "NRF_CLOUD_FOTA_PROGRESS_PCT_INCREMENT" {
      type    = int
      prompt  = "Step of the progress that is reported"
      default = 10
      range   = [0, 100]
      unit    = "percent"
      help    = "0: no progress is reported."
    }
  }

  option "NRF_CLOUD_FOTA_DOWNLOAD_FRAGMENT_SIZE" {
    type       = int
    prompt     = "Bytes asked for at a time"
    default    = 1700
    range      = [128, 1900]
    unit       = "bytes"
    depends_on = FOTA_DOWNLOAD
  }

  option "NRF_CLOUD_FOTA_FULL_MODEM_UPDATE" {
    type       = bool
    prompt     = "The modem's whole firmware"
    depends_on = NRF_CLOUD_MQTT
    select     = [DFU_TARGET, DFU_TARGET_FULL_MODEM, FMFU_FDEV]
    help       = "No other cloud does this."
  }

  option "NRF_CLOUD_FOTA_TRANSPORT_ENABLED" {
    type    = bool
    default = NRF_CLOUD_FOTA
  }

  option "NRF_CLOUD_FOTA_TYPE_APP_SUPPORTED" {
    type    = bool
    default = BOOTLOADER_MCUBOOT && NRF_CLOUD_FOTA_TRANSPORT_ENABLED
    help    = "Told to the cloud: images of the firmware are taken."
  }

  option "NRF_CLOUD_FOTA_TYPE_MODEM_DELTA_SUPPORTED" {
    type    = bool
    default = NRF_CLOUD_FOTA_TRANSPORT_ENABLED
    help    = "Told to the cloud: patches of the modem's firmware are taken."
  }

  option "NRF_CLOUD_FOTA_TYPE_MODEM_FULL_SUPPORTED" {
    type    = bool
    default = NRF_CLOUD_FOTA_FULL_MODEM_UPDATE && NRF_CLOUD_FOTA_TRANSPORT_ENABLED
    help    = "Told to the cloud: the modem's whole firmware is taken."
  }
}
