# The location module (reference 1.7) and the location library beneath it (reference 1.13). The needs NRF_MODEM_LIB and those of the
# network management are always met.

component "location" {
  if = LOCATION_MODULE
}

menu "Location module" {
  option "LOCATION_MODULE" {
    type   = bool
    prompt = "Location module"
    default {
      value = true
      if    = !LWM2M_INTEGRATION
    }
    select = [LOCATION, LOCATION_SERVICE_EXTERNAL]
    help   = "Finds the position by satellites, or asks the cloud with the cells and access points around the device. Samples wait for it. Over LwM2M it is off until wanted, so that a firmware stays small."
  }

  group {
    depends_on = LOCATION_MODULE

    option "LOCATION_MODULE_NEIGHBOR_CELLS_DATA_CONVERT_RSRP_TO_DBM" {
      type   = bool
      prompt = "Report the RSRP of cells in dBm"
      default {
        value = true
        if    = AWS_IOT || AZURE_IOT_HUB
      }
      effect = "each cloud gets them in the unit of its protocol: dBm and dB over AWS IoT, Azure IoT Hub and LwM2M"
    }

    option "LOCATION_MODULE_NEIGHBOR_CELLS_DATA_CONVERT_RSRQ_TO_DB" {
      type   = bool
      prompt = "Report the RSRQ of cells in dB"
      default {
        value = true
        if    = AWS_IOT || AZURE_IOT_HUB
      }
      effect = "each cloud gets them in the unit of its protocol: dBm and dB over AWS IoT, Azure IoT Hub and LwM2M"
    }
  }
}

menu "Location" {
  option "WIFI" {
    type   = bool
    prompt = "Wi-Fi"
    effect = "the modem adapter says whether it can list access points"
    help   = "The device can list the access points around it."
  }

  option "LOCATION" {
    type   = bool
    prompt = "Location"
    effect = "LOCATION_MODULE says whether the location is searched for"
  }

  group {
    depends_on = LOCATION

    option "LOCATION_METHOD_GNSS" {
      type       = bool
      prompt     = "By satellites"
      default    = true
      depends_on = LTE_LINK_CONTROL
      imply      = [LTE_LC_NEIGHBOR_CELL_MEAS_MODULE, LTE_LC_PSM_MODULE, LTE_LC_MODEM_SLEEP_MODULE]
    }

    option "LOCATION_METHOD_CELLULAR" {
      type       = bool
      prompt     = "By cells"
      default    = true
      depends_on = LTE_LINK_CONTROL
      imply      = [LTE_LC_NEIGHBOR_CELL_MEAS_MODULE]
    }

    option "LOCATION_METHOD_WIFI" {
      type       = bool
      prompt     = "By Wi-Fi access points"
      depends_on = WIFI
    }

    option "LOCATION_SERVICE_EXTERNAL" {
      type   = bool
      prompt = "The application carries requests to the cloud"
      effect = "the application always does"
    }

    option "LOCATION_DATA_DETAILS" {
      type    = bool
      prompt  = "Tell satellites and time along with a position"
      planned = "what a modem adapter can ask of its receiver"
    }

    option "LOCATION_METHODS_LIST_SIZE" {
      type    = int
      prompt  = "Methods in one request"
      default = 3
      range   = [1, 3]
      effect  = "lists take the room that they need"
    }

    menu "Methods" {
      choice "LOCATION_REQUEST_DEFAULT_METHOD_FIRST" {
        prompt = "First"

        default {
          value = LOCATION_REQUEST_DEFAULT_METHOD_FIRST_GNSS
          if    = LOCATION_METHOD_GNSS
        }
        default {
          value = LOCATION_REQUEST_DEFAULT_METHOD_FIRST_WIFI
          if    = LOCATION_METHOD_WIFI
        }
        default {
          value = LOCATION_REQUEST_DEFAULT_METHOD_FIRST_CELLULAR
          if    = LOCATION_METHOD_CELLULAR
        }

        option "LOCATION_REQUEST_DEFAULT_METHOD_FIRST_GNSS" {
          type   = bool
          prompt = "Satellites"
          help   = "The answer of the cloud to a location request is then not waited for."
        }

        option "LOCATION_REQUEST_DEFAULT_METHOD_FIRST_WIFI" {
          type   = bool
          prompt = "Wi-Fi access points"
        }

        option "LOCATION_REQUEST_DEFAULT_METHOD_FIRST_CELLULAR" {
          type   = bool
          prompt = "Cells"
        }
      }

      choice "LOCATION_REQUEST_DEFAULT_METHOD_SECOND" {
        prompt = "Second, when the first finds nothing"

        default {
          value = LOCATION_REQUEST_DEFAULT_METHOD_SECOND_WIFI
          if    = LOCATION_METHOD_WIFI && !LOCATION_REQUEST_DEFAULT_METHOD_FIRST_WIFI
        }
        default {
          value = LOCATION_REQUEST_DEFAULT_METHOD_SECOND_CELLULAR
          if    = LOCATION_METHOD_CELLULAR && !LOCATION_REQUEST_DEFAULT_METHOD_FIRST_CELLULAR
        }
        default = LOCATION_REQUEST_DEFAULT_METHOD_SECOND_NONE

        option "LOCATION_REQUEST_DEFAULT_METHOD_SECOND_GNSS" {
          type   = bool
          prompt = "Satellites"
        }

        option "LOCATION_REQUEST_DEFAULT_METHOD_SECOND_WIFI" {
          type   = bool
          prompt = "Wi-Fi access points"
        }

        option "LOCATION_REQUEST_DEFAULT_METHOD_SECOND_CELLULAR" {
          type   = bool
          prompt = "Cells"
        }

        option "LOCATION_REQUEST_DEFAULT_METHOD_SECOND_NONE" {
          type   = bool
          prompt = "None"
        }
      }

      choice "LOCATION_REQUEST_DEFAULT_METHOD_THIRD" {
        prompt = "Third"

        default {
          value = LOCATION_REQUEST_DEFAULT_METHOD_THIRD_CELLULAR
          if    = LOCATION_METHOD_CELLULAR && !LOCATION_REQUEST_DEFAULT_METHOD_FIRST_CELLULAR && !LOCATION_REQUEST_DEFAULT_METHOD_SECOND_CELLULAR
        }
        default = LOCATION_REQUEST_DEFAULT_METHOD_THIRD_NONE

        option "LOCATION_REQUEST_DEFAULT_METHOD_THIRD_GNSS" {
          type   = bool
          prompt = "Satellites"
        }

        option "LOCATION_REQUEST_DEFAULT_METHOD_THIRD_WIFI" {
          type   = bool
          prompt = "Wi-Fi access points"
        }

        option "LOCATION_REQUEST_DEFAULT_METHOD_THIRD_CELLULAR" {
          type   = bool
          prompt = "Cells"
        }

        option "LOCATION_REQUEST_DEFAULT_METHOD_THIRD_NONE" {
          type   = bool
          prompt = "None"
        }
      }
    }

    option "LOCATION_REQUEST_DEFAULT_INTERVAL" {
      type    = int
      prompt  = "Time between positions of one request"
      default = 0
      range   = [0, 2147483647]
      unit    = "s"
      effect  = "the application asks anew at each sampling"
      help    = "0: a request gives one position."
    }

    option "LOCATION_REQUEST_DEFAULT_TIMEOUT" {
      type    = int
      prompt  = "Time that all methods together may take"
      default = 300000
      range   = [-1, 2147483647]
      unit    = "ms"
      effect  = "the real-time configuration has it: DATA_LOCATION_TIMEOUT_SECONDS"
      help    = "-1: no limit."
    }

    menu "Satellites" {
      depends_on = LOCATION_METHOD_GNSS

      option "LOCATION_REQUEST_DEFAULT_GNSS_TIMEOUT" {
        type    = int
        prompt  = "Time that the search may take"
        default = 120000
        range   = [-1, 2147483647]
        unit    = "ms"
        help    = "-1: no limit."
      }

      choice "LOCATION_REQUEST_DEFAULT_GNSS_ACCURACY" {
        prompt  = "Accuracy"
        default = LOCATION_REQUEST_DEFAULT_GNSS_ACCURACY_NORMAL

        option "LOCATION_REQUEST_DEFAULT_GNSS_ACCURACY_LOW" {
          type    = bool
          prompt  = "Low"
          planned = "what a modem adapter can ask of its receiver"
          help    = "A fix with three satellites will do."
        }

        option "LOCATION_REQUEST_DEFAULT_GNSS_ACCURACY_NORMAL" {
          type   = bool
          prompt = "Normal"
        }

        option "LOCATION_REQUEST_DEFAULT_GNSS_ACCURACY_HIGH" {
          type   = bool
          prompt = "High"
          help   = "The best of LOCATION_REQUEST_DEFAULT_GNSS_NUM_CONSECUTIVE_FIXES."
        }
      }

      option "LOCATION_REQUEST_DEFAULT_GNSS_NUM_CONSECUTIVE_FIXES" {
        type    = int
        prompt  = "Fixes for high accuracy"
        default = 3
        range   = [2, 256]
      }

      option "LOCATION_REQUEST_DEFAULT_GNSS_VISIBILITY_DETECTION" {
        type    = bool
        prompt  = "Give up early under an obstructed sky"
        planned = "what a modem adapter can ask of its receiver"
      }

      option "LOCATION_REQUEST_DEFAULT_GNSS_PRIORITY_MODE" {
        type    = bool
        prompt  = "Let the receiver go before LTE when it finds no time"
        planned = "what a modem adapter can ask of its receiver"
      }

      option "LOCATION_METHOD_GNSS_VISIBILITY_DETECTION_EXEC_TIME" {
        type    = int
        prompt  = "Time of search after which the sky is judged"
        default = 3000
        range   = [0, 2147483647]
        unit    = "ms"
        planned = "what a modem adapter can ask of its receiver"
      }

      option "LOCATION_METHOD_GNSS_VISIBILITY_DETECTION_SAT_LIMIT" {
        type    = int
        prompt  = "Satellites below which the sky counts as obstructed"
        default = 3
        range   = [0, 64]
        planned = "what a modem adapter can ask of its receiver"
      }

      option "LOCATION_METHOD_GNSS_PRIORITIZE_QZSS_ASSISTANCE" {
        type   = bool
        prompt = "Ask for assistance also when only data of QZSS is missing"
        effect = "whatever the receiver lacks is asked for"
      }
    }

    menu "Cells" {
      depends_on = LOCATION_METHOD_CELLULAR

      option "LOCATION_REQUEST_DEFAULT_CELLULAR_TIMEOUT" {
        type    = int
        prompt  = "Time that the search may take"
        default = 30000
        range   = [-1, 2147483647]
        unit    = "ms"
        help    = "-1: no limit."
      }

      option "LOCATION_REQUEST_DEFAULT_CELLULAR_CELL_COUNT" {
        type    = int
        prompt  = "Neighbour cells to ask for"
        default = 4
        range   = [0, 15]
      }
    }

    menu "Wi-Fi access points" {
      depends_on = LOCATION_METHOD_WIFI

      option "LOCATION_REQUEST_DEFAULT_WIFI_TIMEOUT" {
        type    = int
        prompt  = "Time that the search may take"
        default = 30000
        range   = [-1, 2147483647]
        unit    = "ms"
        help    = "-1: no limit."
      }

      option "LOCATION_METHOD_WIFI_SCANNING_RESULTS_MAX_CNT" {
        type    = int
        prompt  = "Access points that are kept"
        default = 10
        range   = [1, 255]
      }
    }
  }
}
