# What the sample application does not do yet (reference 1.1, 1.6, 1.7). An option moves to Kconfig.hcl when it is built.

menu "Sensors" {
  planned = "the sample application's remaining options"

  option "EXTERNAL_SENSORS" {
    type   = bool
    prompt = "Environment sensors and accelerometer"
  }
}

menu "Data, to come" {
  planned = "the sample application's remaining options"

  group {
    depends_on = DATA_MODULE

    option "DATA_UI_BUFFER_COUNT" {
      type    = int
      prompt  = "Button presses that are held back"
      default = 3
      range   = [1, 100]
    }

    option "DATA_IMPACT_BUFFER_COUNT" {
      type    = int
      prompt  = "Impacts that are held back"
      default = 1
      range   = [1, 100]
    }

    option "DATA_UI_BUFFER_STORE" {
      type    = bool
      prompt  = "Hold button presses back"
      default = true
    }

    option "DATA_GRANT_SEND_ON_CONNECTION_QUALITY" {
      type   = bool
      prompt = "Send only when the radio connection is good enough"
      help   = "The modem estimates how much energy a transmission would take. Above the threshold the data waits."
    }

    group {
      depends_on = DATA_GRANT_SEND_ON_CONNECTION_QUALITY

      choice "DATA_NEIGHBOR_CELL_UPDATES_ENERGY_THRESHOLD" {
        prompt  = "Least estimate for location data"
        default = DATA_NEIGHBOR_CELL_UPDATES_ENERGY_THRESHOLD_NORMAL

        option "DATA_NEIGHBOR_CELL_UPDATES_ENERGY_THRESHOLD_EXCESSIVE" {
          type   = bool
          prompt = "Excessive"
        }

        option "DATA_NEIGHBOR_CELL_UPDATES_ENERGY_THRESHOLD_INCREASED" {
          type   = bool
          prompt = "Increased"
        }

        option "DATA_NEIGHBOR_CELL_UPDATES_ENERGY_THRESHOLD_NORMAL" {
          type   = bool
          prompt = "Normal"
        }

        option "DATA_NEIGHBOR_CELL_UPDATES_ENERGY_THRESHOLD_REDUCED" {
          type   = bool
          prompt = "Reduced"
        }

        option "DATA_NEIGHBOR_CELL_UPDATES_ENERGY_THRESHOLD_EFFICIENT" {
          type   = bool
          prompt = "Efficient"
        }
      }

      choice "DATA_GENERIC_UPDATES_ENERGY_THRESHOLD" {
        prompt  = "Least estimate for the newest samples"
        default = DATA_GENERIC_UPDATES_ENERGY_THRESHOLD_NORMAL

        option "DATA_GENERIC_UPDATES_ENERGY_THRESHOLD_EXCESSIVE" {
          type   = bool
          prompt = "Excessive"
        }

        option "DATA_GENERIC_UPDATES_ENERGY_THRESHOLD_INCREASED" {
          type   = bool
          prompt = "Increased"
        }

        option "DATA_GENERIC_UPDATES_ENERGY_THRESHOLD_NORMAL" {
          type   = bool
          prompt = "Normal"
        }

        option "DATA_GENERIC_UPDATES_ENERGY_THRESHOLD_REDUCED" {
          type   = bool
          prompt = "Reduced"
        }

        option "DATA_GENERIC_UPDATES_ENERGY_THRESHOLD_EFFICIENT" {
          type   = bool
          prompt = "Efficient"
        }
      }

      choice "DATA_BATCH_UPDATES_ENERGY_THRESHOLD" {
        prompt = "Least estimate for samples that were held back"

        default {
          value = DATA_BATCH_UPDATES_ENERGY_THRESHOLD_NORMAL
          if    = NRF_CLOUD_MQTT
        }
        default = DATA_BATCH_UPDATES_ENERGY_THRESHOLD_REDUCED

        option "DATA_BATCH_UPDATES_ENERGY_THRESHOLD_EXCESSIVE" {
          type   = bool
          prompt = "Excessive"
        }

        option "DATA_BATCH_UPDATES_ENERGY_THRESHOLD_INCREASED" {
          type   = bool
          prompt = "Increased"
        }

        option "DATA_BATCH_UPDATES_ENERGY_THRESHOLD_NORMAL" {
          type   = bool
          prompt = "Normal"
        }

        option "DATA_BATCH_UPDATES_ENERGY_THRESHOLD_REDUCED" {
          type   = bool
          prompt = "Reduced"
        }

        option "DATA_BATCH_UPDATES_ENERGY_THRESHOLD_EFFICIENT" {
          type   = bool
          prompt = "Efficient"
        }
      }

      option "DATA_SEND_ATTEMPTS_COUNT_MAX" {
        type    = int
        prompt  = "Refusals before data is sent all the same"
        default = 3
        range   = [0, 1000]
      }
    }
  }
}
