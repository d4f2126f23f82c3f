# The LwM2M integration and the client utilities (reference 1.16). The engine is ../../lwm2m.

choice "CLOUD_SERVICE" {
  option "LWM2M_INTEGRATION" {
    type   = bool
    prompt = "LwM2M"
    select = [LWM2M_CLIENT_UTILS]
  }
}

menu "LwM2M" {
  depends_on = LWM2M_INTEGRATION

  constraint "LWM2M_VERSION_1_1 must be y: this client speaks version 1.1" {
    condition = LWM2M_VERSION_1_1
    fix       = "LWM2M_VERSION_1_1 = y"
  }

  constraint "LWM2M_SECURITY_OBJECT_VERSION_1_1 must be y: this client has no object 0 of version 1.0" {
    condition = LWM2M_SECURITY_OBJECT_VERSION_1_1 || LWM2M_VERSION_1_0
    fix       = "leave out LWM2M_SECURITY_OBJECT_VERSION_1_0"
  }

  constraint "LWM2M_SERVER_OBJECT_VERSION_1_1 must be y: this client has no object 1 of version 1.0" {
    condition = LWM2M_SERVER_OBJECT_VERSION_1_1 || LWM2M_VERSION_1_0
    fix       = "leave out LWM2M_SERVER_OBJECT_VERSION_1_0"
  }

  option "LWM2M_INTEGRATION_ENDPOINT_PREFIX" {
    type    = string
    prompt  = "Text in front of the client id"
    default = "urn:imei:"
    help    = "Both together are the endpoint name."
  }

  option "LWM2M_INTEGRATION_PROVISION_CREDENTIALS" {
    type   = bool
    prompt = "Bring the pre-shared key along"
    help   = "Without it the key must be below the credentials folder already."
  }

  option "LWM2M_INTEGRATION_PSK" {
    type     = string
    prompt   = "Pre-shared key"
    required = true
    default {
      value = "000102030405060708090a0b0c0d0e0f"
      if    = CLOUD_LAB_DEFAULTS
      mark  = "lab"
    }
    pattern    = "^([0-9A-Fa-f]{2})*$"
    secret     = true
    depends_on = LWM2M_INTEGRATION_PROVISION_CREDENTIALS
    provision {
      tag  = LWM2M_CLIENT_UTILS_BOOTSTRAP_TLS_TAG
      file = "psk"
      if   = LWM2M_RD_CLIENT_SUPPORT_BOOTSTRAP
      note = "Not for production: there, provision a key of its own to each device before the firmware runs, and set LWM2M_INTEGRATION_PROVISION_CREDENTIALS = n."
    }
    provision {
      tag  = LWM2M_CLIENT_UTILS_SERVER_TLS_TAG
      file = "psk"
      note = "Not for production: there, provision a key of its own to each device before the firmware runs, set LWM2M_INTEGRATION_PROVISION_CREDENTIALS = n and, if the server can, let a bootstrap server change the key from time to time."
    }
    help = <<-EOT
      In hex, an even number of digits. It goes to a file of the output and never into the binary. The default is known to everyone: a build
      with it is for the lab, and is marked as such. To bring no key along, set LWM2M_INTEGRATION_PROVISION_CREDENTIALS to n.
    EOT
  }

  option "LWM2M_INTEGRATION_FLUSH_SESSION_CACHE" {
    type   = bool
    prompt = "Make a whole handshake each time"
    help   = "For finding faults."
  }

  option "LWM2M_INTEGRATION_MODEM_MODE_REQUEST_RETRY_SECONDS" {
    type    = int
    prompt  = "Pause between requests to switch the modem's mode"
    default = 2
    range   = [1, 3600]
    unit    = "s"
    effect  = "keys are files: no modem has to change its mode for them"
  }
}

menu "LwM2M client utilities" {
  option "LWM2M_CLIENT_UTILS" {
    type       = bool
    prompt     = "Objects of a cellular device"
    depends_on = !AWS_IOT && !AZURE_IOT_HUB && !NRF_CLOUD_MQTT # it would do nothing there
    select     = [LWM2M]
    imply      = [LTE_LC_EDRX_MODULE, LTE_LC_NEIGHBOR_CELL_MEAS_MODULE, LTE_LC_PSM_MODULE, LTE_LC_TAU_PRE_WARNING_MODULE]
  }

  group {
    depends_on = LWM2M_CLIENT_UTILS

    option "LWM2M_CLIENT_UTILS_SECURITY_OBJ_SUPPORT" {
      type    = bool
      prompt  = "Security (object 0)"
      default = true
    }

    constraint "LWM2M_CLIENT_UTILS_SECURITY_OBJ_SUPPORT must be y: object 0 holds the server's address" {
      condition  = LWM2M_CLIENT_UTILS_SECURITY_OBJ_SUPPORT
      depends_on = LWM2M_INTEGRATION
      fix        = "leave out LWM2M_CLIENT_UTILS_SECURITY_OBJ_SUPPORT"
    }

    group {
      depends_on = LWM2M_CLIENT_UTILS_SECURITY_OBJ_SUPPORT

      option "LWM2M_CLIENT_UTILS_SERVER" {
        type     = string
        prompt   = "Address of the server"
        required = LWM2M_INTEGRATION
        pattern  = "^coaps?://([A-Za-z0-9.-]+|\\[[0-9A-Fa-f:.]+\\]):[0-9]{1,5}$"
        default {
          value = "coaps://eu.iot.avsystem.cloud:5694"
          if    = LWM2M_DTLS_SUPPORT && LWM2M_RD_CLIENT_SUPPORT_BOOTSTRAP
        }
        default {
          value = "coaps://eu.iot.avsystem.cloud:5684"
          if    = LWM2M_DTLS_SUPPORT
        }
        default {
          value = "coap://eu.iot.avsystem.cloud:5693"
          if    = LWM2M_RD_CLIENT_SUPPORT_BOOTSTRAP
        }
        default = "coap://eu.iot.avsystem.cloud:5683"
        help    = "A URI with scheme and port: coaps with LWM2M_DTLS_SUPPORT, else coap. With bootstrap, the bootstrap server's."
      }

      option "LWM2M_CLIENT_UTILS_SERVER_TLS_TAG" {
        type    = int
        prompt  = "Security tag of the server's credentials"
        default = 35724861
        range   = [0, 2147483647]
      }

      option "LWM2M_CLIENT_UTILS_BOOTSTRAP_TLS_TAG" {
        type    = int
        prompt  = "Security tag of the bootstrap server's credentials"
        default = 35724862
        range   = [0, 2147483647]
      }
    }

    option "LWM2M_CLIENT_UTILS_RAI" {
      type   = bool
      prompt = "Tell the network when nothing more will be sent"
      effect = "it is told to a modem's network, and no adapter for such a modem is part of cloudgen yet: the simulated one has no radio"
      help   = "Release assistance: the radio connection ends sooner."
    }

    option "LWM2M_CLIENT_UTILS_LTE_CONNEVAL" {
      type    = bool
      prompt  = "Wait with updates until the radio connection is good"
      planned = "a modem adapter that judges the radio connection"
    }

    option "LWM2M_CLIENT_UTILS_DTLS_CID" {
      type   = bool
      prompt = "DTLS connection id"
      select = [LWM2M_DTLS_CID]
      help   = "The old name of LWM2M_DTLS_CID."
    }

    option "LWM2M_CLIENT_UTILS_DTLS_CON_MANAGEMENT" {
      type       = bool
      prompt     = "Keep the DTLS session over times without power"
      depends_on = LWM2M_DTLS_CID && LWM2M_RD_CLIENT_STOP_POLLING_AT_IDLE
      planned    = "DTLS sessions that outlive the program"
    }
  }

  menu "Location assistance" {
    depends_on = LWM2M_CLIENT_UTILS

    option "LWM2M_CLIENT_UTILS_LOCATION_ASSISTANCE" {
      type = bool
    }

    group {
      depends_on = LWM2M_CLIENT_UTILS_LOCATION_ASSISTANCE

      option "LWM2M_CLIENT_UTILS_LOCATION_ASSIST_CELL" {
        type   = bool
        prompt = "Ask for the location by cells"
        imply  = [LWM2M_CLIENT_UTILS_SIGNAL_MEAS_INFO_OBJ_SUPPORT]
      }

      option "LWM2M_CLIENT_UTILS_LOCATION_ASSIST_AGNSS" {
        type   = bool
        prompt = "Ask for assistance data"
      }

      option "LWM2M_CLIENT_UTILS_LOCATION_ASSIST_PGPS" {
        type    = bool
        prompt  = "Ask for predicted assistance data"
        default = NRF_CLOUD_PGPS
        planned = "predicted assistance data"
        help    = "One request can be pending: with LWM2M_CLIENT_UTILS_LOCATION_ASSIST_AGNSS the second one waits."
      }
    }

    group {
      depends_on = LWM2M_CLIENT_UTILS_LOCATION_ASSIST_PGPS

      option "LWM2M_CLIENT_UTILS_LOCATION_ASSIST_PGPS_PREDICTION_COUNT" {
        type    = int
        prompt  = "Predictions"
        default = 42
        range   = [1, 168]
        planned = "predicted assistance data"
      }

      option "LWM2M_CLIENT_UTILS_LOCATION_ASSIST_PGPS_PREDICTION_INTERVAL" {
        type    = int
        prompt  = "Time that one prediction covers"
        default = 240
        range   = [120, 480]
        unit    = "min"
        planned = "predicted assistance data"
        help    = "120, 240, 360 or 480."
      }

      constraint "LWM2M_CLIENT_UTILS_LOCATION_ASSIST_PGPS_PREDICTION_INTERVAL must be 120, 240, 360 or 480" {
        condition = LWM2M_CLIENT_UTILS_LOCATION_ASSIST_PGPS_PREDICTION_INTERVAL % 120 == 0
        fix       = "take one of these"
      }

      option "LWM2M_CLIENT_UTILS_LOCATION_ASSIST_PGPS_STARTING_DAY" {
        type    = int
        prompt  = "First day, as a day of GPS time"
        default = 0
        range   = [0, 65535]
        planned = "predicted assistance data"
        help    = "0: today."
      }

      option "LWM2M_CLIENT_UTILS_LOCATION_ASSIST_PGPS_STARTING_TIME" {
        type    = int
        prompt  = "Time of that day"
        default = 0
        range   = [0, 86399]
        unit    = "s"
        planned = "predicted assistance data"
      }
    }

    group {
      depends_on = LWM2M_CLIENT_UTILS_LOCATION_ASSIST_AGNSS

      option "LWM2M_CLIENT_UTILS_LOCATION_ASSIST_AGNSS_BUF_SIZE" {
        type    = int
        prompt  = "Largest message of assistance data"
        default = 4096
        range   = [1, 1048576]
        unit    = "bytes"
      }

      option "LWM2M_CLIENT_UTILS_LOCATION_ASSIST_AGNSS_ELEVATION_MASK" {
        type    = int
        prompt  = "Lowest elevation"
        default = -1
        range   = [-1, 90]
        unit    = "degrees"
        help    = "-1: all satellites."
      }
    }
  }
}

component "backend" {
  if         = LWM2M_INTEGRATION
  implements = ["Reporter", "Alerter", "Configurer", "Locator", "Assistant"]
}
