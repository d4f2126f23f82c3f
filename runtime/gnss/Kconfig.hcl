# Assistance data for satellite receivers (reference 1.13). They bear nRF Cloud's name, but all clouds relay them. The need
# MODEM_INFO_ADD_NETWORK stands for the cell that a request names.

component "assistance" {
  if = NRF_CLOUD_AGNSS || NRF_CLOUD_PGPS
}

source "*/Kconfig.hcl" {}

menu "Assistance (A-GNSS)" {
  option "NRF_CLOUD_AGNSS" {
    type       = bool
    prompt     = "Assistance data"
    depends_on = MODEM_INFO && MODEM_INFO_ADD_NETWORK && LOCATION_MODULE
    help       = "Orbits, time and a rough position, so that the first fix takes seconds. Asked for over the cloud connection when the receiver of the modem says that it lacks them."
  }

  group {
    depends_on = NRF_CLOUD_AGNSS

    option "NRF_CLOUD_AGNSS_FILTERED" {
      type    = bool
      prompt  = "Only for satellites above the horizon"
      planned = "requests with a filter"
    }

    option "NRF_CLOUD_AGNSS_FILTERED_RUNTIME" {
      type       = bool
      prompt     = "Let each request say whether it is filtered"
      planned    = "requests with a filter"
      depends_on = NRF_CLOUD_AGNSS_FILTERED
    }

    option "NRF_CLOUD_AGNSS_ELEVATION_MASK" {
      type       = int
      prompt     = "Lowest elevation"
      default    = 5
      range      = [0, 90]
      unit       = "degrees"
      planned    = "requests with a filter"
      depends_on = NRF_CLOUD_AGNSS_FILTERED
    }
  }
}

menu "Predicted assistance (P-GPS)" {
  option "NRF_CLOUD_PGPS" {
    type       = bool
    prompt     = "Predicted assistance data"
    depends_on = MODEM_INFO && MODEM_INFO_ADD_NETWORK && DATE_TIME && LOCATION_MODULE
    imply      = [DOWNLOAD_CLIENT]
    help       = "Predictions for up to two weeks come at once and are kept in the data directory, so that a device finds its position also where there is no network. With NRF_CLOUD_AGNSS the predictions supply the orbits, and the cloud is asked for the rest."
  }

  group {
    depends_on = NRF_CLOUD_PGPS

    option "NRF_CLOUD_PGPS_REQUEST_UPON_INIT" {
      type    = bool
      prompt  = "Ask for predictions when starting"
      default = true
    }

    choice "NRF_CLOUD_PGPS_PREDICTION_PERIOD" {
      prompt  = "Time that one prediction covers"
      default = NRF_CLOUD_PGPS_PREDICTION_PERIOD_240_MIN

      option "NRF_CLOUD_PGPS_PREDICTION_PERIOD_120_MIN" {
        type   = bool
        prompt = "120 min"
      }

      option "NRF_CLOUD_PGPS_PREDICTION_PERIOD_240_MIN" {
        type   = bool
        prompt = "240 min"
      }
    }

    option "NRF_CLOUD_PGPS_NUM_PREDICTIONS" {
      type   = int
      prompt = "Predictions in the store"
      range  = [2, 84]
      default {
        value = 32
        if    = NRF_CLOUD_PGPS_STORAGE_PARTITION
      }
      default = 42
      help    = "An even number. 42 predictions of 240 min are a week."
    }

    constraint "NRF_CLOUD_PGPS_NUM_PREDICTIONS must be even" {
      condition = NRF_CLOUD_PGPS_NUM_PREDICTIONS % 2 == 0
      fix       = "take the next even number"
    }

    option "NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD" {
      type    = int
      prompt  = "Predictions left when more are asked for"
      default = 0
      range   = [0, 82]
      help    = "An even number, at most NRF_CLOUD_PGPS_NUM_PREDICTIONS - 2. 0: when the last one has run out."
    }

    constraint "NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD must be even" {
      condition = NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD % 2 == 0
      fix       = "take the next even number"
    }

    constraint "NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD must be at most NRF_CLOUD_PGPS_NUM_PREDICTIONS - 2" {
      condition = NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD <= NRF_CLOUD_PGPS_NUM_PREDICTIONS - 2
      fix       = "lower the threshold"
    }

    option "NRF_CLOUD_PGPS_DOWNLOAD_FRAGMENT_SIZE" {
      type    = int
      prompt  = "Bytes asked for at a time"
      planned = "downloads of predictions"
      default = 1500
      range   = [128, 1500]
      unit    = "bytes"
    }

    option "NRF_CLOUD_PGPS_SOCKET_RETRIES" {
      type    = int
      prompt  = "Times that a download is tried again"
      planned = "downloads of predictions"
      default = 2
      range   = [0, 100]
    }

    choice "NRF_CLOUD_PGPS_TRANSPORT" {
      prompt = "Way of the requests"

      default {
        value = NRF_CLOUD_PGPS_TRANSPORT_MQTT
        if    = NRF_CLOUD_MQTT
      }
      default = NRF_CLOUD_PGPS_TRANSPORT_NONE

      option "NRF_CLOUD_PGPS_TRANSPORT_NONE" {
        type   = bool
        prompt = "The cloud module asks"
      }

      option "NRF_CLOUD_PGPS_TRANSPORT_MQTT" {
        type       = bool
        prompt     = "nRF Cloud's own topics"
        depends_on = NRF_CLOUD_MQTT && NRF_CLOUD_PGPS_DOWNLOAD_TRANSPORT_HTTP
      }
    }

    choice "NRF_CLOUD_PGPS_DOWNLOAD_TRANSPORT" {
      prompt = "Way of the predictions"

      default {
        value = NRF_CLOUD_PGPS_DOWNLOAD_TRANSPORT_CUSTOM
        if    = LWM2M_INTEGRATION
      }
      default = NRF_CLOUD_PGPS_DOWNLOAD_TRANSPORT_HTTP

      option "NRF_CLOUD_PGPS_DOWNLOAD_TRANSPORT_HTTP" {
        type    = bool
        prompt  = "HTTPS"
        planned = "downloads of predictions"
      }

      option "NRF_CLOUD_PGPS_DOWNLOAD_TRANSPORT_CUSTOM" {
        type   = bool
        prompt = "The cloud connection"
        help   = "The cloud sends the file of predictions itself, in one message of 16 bytes and 2006 for each prediction; over MQTT, MQTT_HELPER_PAYLOAD_BUFFER_LEN must hold that. A cloud that names the place of a file instead is told of in the log."
      }
    }

    choice "NRF_CLOUD_PGPS_STORAGE" {
      prompt = "Place of the store"

      option "NRF_CLOUD_PGPS_STORAGE_PARTITION" {
        type   = bool
        prompt = "A file of a fixed size"
        effect = "predictions are files in the data directory, which survive updates and power cuts"
      }

      option "NRF_CLOUD_PGPS_STORAGE_MCUBOOT_SECONDARY" {
        type       = bool
        prompt     = "The second firmware slot"
        depends_on = BOOTLOADER_MCUBOOT
        effect     = "predictions are files in the data directory, which survive updates and power cuts"
        help       = "An update of the firmware takes the place, and the predictions are downloaded again."
      }

      option "NRF_CLOUD_PGPS_STORAGE_CUSTOM" {
        type   = bool
        prompt = "A place that the application gives"
        effect = "predictions are files in the data directory, which survive updates and power cuts"
      }
    }

    group {
      depends_on = NRF_CLOUD_PGPS_STORAGE_PARTITION

      option "NRF_CLOUD_PGPS_PARTITION_SIZE" {
        type    = hex
        prompt  = "Size of the file"
        default = "0x10000"
        range   = ["0x1000", "0x1000000"]
        unit    = "bytes"
        effect  = "the store takes the room that it needs: 2010 bytes for each prediction"
        help    = "At least 2048 bytes for each prediction."
      }

      constraint "NRF_CLOUD_PGPS_PARTITION_SIZE must hold 2048 bytes for each of NRF_CLOUD_PGPS_NUM_PREDICTIONS" {
        condition = NRF_CLOUD_PGPS_PARTITION_SIZE >= 2048 * NRF_CLOUD_PGPS_NUM_PREDICTIONS
        fix       = "set NRF_CLOUD_PGPS_PARTITION_SIZE to \"0x15000\", which holds 42, or to \"0x2A000\", which holds 84"
      }
    }
  }
}
