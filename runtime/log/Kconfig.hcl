# Events and logs (reference 1.1, 2.2).

menu "Events in the log" {
  planned = "switches of the event log"

  option "EVENTS" {
    type    = bool
    prompt  = "Events in the log"
    default = true
  }

  group {
    depends_on = EVENTS

    option "APP_EVENTS_LOG" {
      type    = bool
      prompt  = "Of the application"
      default = true
    }

    option "MODEM_EVENTS_LOG" {
      type    = bool
      prompt  = "Of the modem module"
      default = true
    }

    option "CLOUD_EVENTS_LOG" {
      type    = bool
      prompt  = "Of the cloud module"
      default = true
      effect  = "each event of the cloud module is always one record of the log"
    }

    option "SENSOR_EVENTS_LOG" {
      type    = bool
      prompt  = "Of the sensor module"
      default = true
    }

    option "UI_EVENTS_LOG" {
      type    = bool
      prompt  = "Of the buttons"
      default = true
      effect  = "buttons are the application's own, and so is what it logs of them"
    }

    option "UTIL_EVENTS_LOG" {
      type    = bool
      prompt  = "Of reboot and shutdown"
      default = true
    }

    option "LOCATION_EVENTS_LOG" {
      type    = bool
      prompt  = "Of the location module"
      default = true
    }

    option "DATA_EVENTS_LOG" {
      type    = bool
      prompt  = "Of the data module"
      default = true
    }

    option "DEBUG_EVENTS_LOG" {
      type    = bool
      prompt  = "Of the debug module"
      default = true
    }
  }
}

menu "Log" {
  planned = "log levels per module"

  option "LOG" {
    type   = bool
    prompt = "Log"
    help   = "n: the firmware writes only events, see EVENTS."
  }

  group {
    depends_on = LOG

    option "LOG_DEFAULT_LEVEL" {
      type    = int
      prompt  = "Level of modules that have none of their own"
      default = 3
      range   = [0, 4]
      help    = "0 off, 1 errors, 2 warnings, 3 information, 4 debug. The flag -log-level goes before it."
    }

    option "LOG_MAX_LEVEL" {
      type    = int
      prompt  = "Highest level of any module"
      default = 4
      range   = [0, 4]
    }
  }
}
