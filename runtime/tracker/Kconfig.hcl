# The sample application (reference 1.1, 1.6, 1.7): the options that runtime/tracker reads, and no others.

component "application" {
  if = CLOUD_MODULE
}

menu "Application" {
  option "ASSET_TRACKER_V2_APP_VERSION" {
    type    = string
    prompt  = "Version of the application"
    default = "0.0.0-development"
    help    = "Reported to every cloud. A build that carries lab defaults says so in its version: \"+lab\" is added."
  }

  option "ASSET_TRACKER_V2_APP_VERSION_MAX_LEN" {
    type    = int
    prompt  = "Longest version of the application"
    default = 150
    range   = [1, 1024]
    unit    = "bytes"
    effect  = "strings take the room that they need"
  }

  option "UTIL_MODULE" {
    type    = bool
    prompt  = "Orderly reboot and shutdown"
    default = true
    effect  = "the program always has it"
  }

  option "REBOOT_TIMEOUT" {
    type    = int
    prompt  = "Time from the first fatal report to the reboot"
    default = 30
    range   = [1, 2147483647]
    unit    = "s"
    help    = <<-EOT
      The modules of the program have this long to put themselves in order. When all have answered, the reboot follows 5 s later, or when this
      time is over, whichever comes first.
    EOT
  }
}

menu "Sensors" {
  option "SENSOR_MODULE" {
    type    = bool
    prompt  = "Sensor module"
    default = true
    help    = "Without it neither the battery nor the environment is sampled."
  }
}

menu "Data" {
  option "DATA_MODULE" {
    type    = bool
    prompt  = "Data module"
    default = true
    select  = [DATE_TIME]
    effect  = "the sample application always has it"
    help    = "Collects samples and decides what is sent, and when."
  }

  option "DATA_SEND_ALL_DEVICE_CONFIGURATIONS" {
    type       = bool
    prompt     = "Report every field of the configuration"
    depends_on = DATA_MODULE
    effect     = "every field is always reported"
  }

  menu "Real-time configuration" {
    choice "DATA_DEVICE_MODE" {
      prompt  = "Device mode"
      default = DATA_DEVICE_MODE_ACTIVE

      option "DATA_DEVICE_MODE_ACTIVE" {
        type   = bool
        prompt = "Active"
        help   = "The device samples every DATA_ACTIVE_TIMEOUT_SECONDS."
      }

      option "DATA_DEVICE_MODE_PASSIVE" {
        type   = bool
        prompt = "Passive"
        help   = "The device samples while it moves, and every DATA_MOVEMENT_TIMEOUT_SECONDS in any case."
      }
    }

    option "DATA_ACTIVE_TIMEOUT_SECONDS" {
      type    = int
      prompt  = "Time between samplings in active mode"
      default = 300
      range   = [1, 2147483647]
      unit    = "s"
      help    = "This and the other options of this menu are where a device starts. Its cloud may change them while it runs; what the cloud has set counts from then on, also after a reboot."
    }

    option "DATA_MOVEMENT_RESOLUTION_SECONDS" {
      type    = int
      prompt  = "Shortest time between samplings in passive mode"
      default = 120
      range   = [1, 2147483647]
      unit    = "s"
    }

    option "DATA_MOVEMENT_TIMEOUT_SECONDS" {
      type    = int
      prompt  = "Longest time between samplings in passive mode"
      default = 3600
      range   = [1, 2147483647]
      unit    = "s"
    }

    option "DATA_ACCELEROMETER_ACT_THRESHOLD" {
      type    = int
      prompt  = "Acceleration above which the device moves"
      default = 4
      unit    = "m/s2"
    }

    option "DATA_ACCELEROMETER_INACT_THRESHOLD" {
      type    = int
      prompt  = "Acceleration below which the device is still"
      default = 4
      unit    = "m/s2"
    }

    option "DATA_ACCELEROMETER_INACT_TIMEOUT_SECONDS" {
      type    = int
      prompt  = "Time for which the device must be still before it counts as not moving"
      default = 60
      range   = [1, 2147483647]
      unit    = "s"
    }

    option "DATA_LOCATION_TIMEOUT_SECONDS" {
      type    = int
      prompt  = "Longest time of a search for the location"
      default = 300
      range   = [1, 2147483647]
      unit    = "s"
    }

    option "DATA_SAMPLE_GNSS_DEFAULT" {
      type    = bool
      prompt  = "Sample GNSS positions"
      default = true
    }

    option "DATA_SAMPLE_NEIGHBOR_CELLS_DEFAULT" {
      type    = bool
      prompt  = "Sample neighbour cells"
      default = true
    }

    option "DATA_SAMPLE_WIFI_DEFAULT" {
      type    = bool
      prompt  = "Sample Wi-Fi access points"
      default = true
    }
  }

  menu "Samples that are held back" {
    option "DATA_GNSS_BUFFER_COUNT" {
      type    = int
      prompt  = "GNSS positions"
      default = 10
      range   = [1, 100]
    }

    option "DATA_SENSOR_BUFFER_COUNT" {
      type    = int
      prompt  = "Readings of the environment sensors"
      default = 10
      range   = [1, 100]
      help    = "While there is no connection, this many samples are kept; then the oldest one gives way to the newest. Once connected, they are sent in a batch."
    }

    option "DATA_MODEM_DYNAMIC_BUFFER_COUNT" {
      type    = int
      prompt  = "Network data"
      default = 3
      range   = [1, 100]
    }

    option "DATA_BATTERY_BUFFER_COUNT" {
      type    = int
      prompt  = "Battery readings"
      default = 3
      range   = [1, 100]
    }

    option "DATA_GNSS_BUFFER_STORE" {
      type    = bool
      prompt  = "Hold GNSS positions back"
      default = true
      help    = "n: what cannot be sent at once is dropped."
    }

    option "DATA_SENSOR_BUFFER_STORE" {
      type    = bool
      prompt  = "Hold readings of the environment sensors back"
      default = true
    }

    option "DATA_DYNAMIC_MODEM_BUFFER_STORE" {
      type    = bool
      prompt  = "Hold network data back"
      default = true
    }

    option "DATA_BATTERY_BUFFER_STORE" {
      type    = bool
      prompt  = "Hold battery readings back"
      default = true
    }
  }
}
