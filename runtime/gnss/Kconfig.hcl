# Assistance data for satellite receivers (reference 1.13). They bear nRF Cloud's name, but all clouds relay them. The need
# MODEM_INFO_ADD_NETWORK stands for the cell that a request names.

menu "Assistance (A-GNSS)" {
  planned = "assistance data"

  option "NRF_CLOUD_AGNSS" {
    type       = bool
    prompt     = "Assistance data"
    depends_on = MODEM_INFO && MODEM_INFO_ADD_NETWORK
    help       = "Orbits, time and a rough position, so that the first fix takes seconds. Asked for over the cloud connection."
  }

  group {
    depends_on = NRF_CLOUD_AGNSS

    option "NRF_CLOUD_AGNSS_FILTERED" {
      type   = bool
      prompt = "Only for satellites above the horizon"
    }

    option "NRF_CLOUD_AGNSS_FILTERED_RUNTIME" {
      type       = bool
      prompt     = "Let each request say whether it is filtered"
      depends_on = NRF_CLOUD_AGNSS_FILTERED
    }

    option "NRF_CLOUD_AGNSS_ELEVATION_MASK" {
      type       = int
      prompt     = "Lowest elevation"
      default    = 5
      range      = [0, 90]
      unit       = "degrees"
      depends_on = NRF_CLOUD_AGNSS_FILTERED
    }
  }
}

menu "Predicted assistance (P-GPS)" {
  planned = "assistance data"

  option "NRF_CLOUD_PGPS" {
    type       = bool
    prompt     = "Predicted assistance data"
    depends_on = MODEM_INFO && MODEM_INFO_ADD_NETWORK && DATE_TIME
    imply      = [DOWNLOAD_CLIENT]
    help       = "Predictions for up to two weeks are downloaded at once and kept, so that a device finds its position also where there is no network."
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
      condition = (
        NRF_CLOUD_PGPS_NUM_PREDICTIONS == 2 || NRF_CLOUD_PGPS_NUM_PREDICTIONS == 4 || NRF_CLOUD_PGPS_NUM_PREDICTIONS == 6 || NRF_CLOUD_PGPS_NUM_PREDICTIONS == 8 ||
        NRF_CLOUD_PGPS_NUM_PREDICTIONS == 10 || NRF_CLOUD_PGPS_NUM_PREDICTIONS == 12 || NRF_CLOUD_PGPS_NUM_PREDICTIONS == 14 || NRF_CLOUD_PGPS_NUM_PREDICTIONS == 16 ||
        NRF_CLOUD_PGPS_NUM_PREDICTIONS == 18 || NRF_CLOUD_PGPS_NUM_PREDICTIONS == 20 || NRF_CLOUD_PGPS_NUM_PREDICTIONS == 22 || NRF_CLOUD_PGPS_NUM_PREDICTIONS == 24 ||
        NRF_CLOUD_PGPS_NUM_PREDICTIONS == 26 || NRF_CLOUD_PGPS_NUM_PREDICTIONS == 28 || NRF_CLOUD_PGPS_NUM_PREDICTIONS == 30 || NRF_CLOUD_PGPS_NUM_PREDICTIONS == 32 ||
        NRF_CLOUD_PGPS_NUM_PREDICTIONS == 34 || NRF_CLOUD_PGPS_NUM_PREDICTIONS == 36 || NRF_CLOUD_PGPS_NUM_PREDICTIONS == 38 || NRF_CLOUD_PGPS_NUM_PREDICTIONS == 40 ||
        NRF_CLOUD_PGPS_NUM_PREDICTIONS == 42 || NRF_CLOUD_PGPS_NUM_PREDICTIONS == 44 || NRF_CLOUD_PGPS_NUM_PREDICTIONS == 46 || NRF_CLOUD_PGPS_NUM_PREDICTIONS == 48 ||
        NRF_CLOUD_PGPS_NUM_PREDICTIONS == 50 || NRF_CLOUD_PGPS_NUM_PREDICTIONS == 52 || NRF_CLOUD_PGPS_NUM_PREDICTIONS == 54 || NRF_CLOUD_PGPS_NUM_PREDICTIONS == 56 ||
        NRF_CLOUD_PGPS_NUM_PREDICTIONS == 58 || NRF_CLOUD_PGPS_NUM_PREDICTIONS == 60 || NRF_CLOUD_PGPS_NUM_PREDICTIONS == 62 || NRF_CLOUD_PGPS_NUM_PREDICTIONS == 64 ||
        NRF_CLOUD_PGPS_NUM_PREDICTIONS == 66 || NRF_CLOUD_PGPS_NUM_PREDICTIONS == 68 || NRF_CLOUD_PGPS_NUM_PREDICTIONS == 70 || NRF_CLOUD_PGPS_NUM_PREDICTIONS == 72 ||
        NRF_CLOUD_PGPS_NUM_PREDICTIONS == 74 || NRF_CLOUD_PGPS_NUM_PREDICTIONS == 76 || NRF_CLOUD_PGPS_NUM_PREDICTIONS == 78 || NRF_CLOUD_PGPS_NUM_PREDICTIONS == 80 ||
        NRF_CLOUD_PGPS_NUM_PREDICTIONS == 82 || NRF_CLOUD_PGPS_NUM_PREDICTIONS == 84
      )
      fix = "take the next even number"
    }

    option "NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD" {
      type    = int
      prompt  = "Predictions left when more are asked for"
      default = 0
      range   = [0, 82]
      help    = "An even number less than NRF_CLOUD_PGPS_NUM_PREDICTIONS. 0: when the last one has run out."
    }

    constraint "NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD must be even" {
      condition = (
        NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 0 || NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 2 || NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 4 || NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 6 ||
        NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 8 || NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 10 || NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 12 || NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 14 ||
        NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 16 || NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 18 || NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 20 || NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 22 ||
        NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 24 || NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 26 || NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 28 || NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 30 ||
        NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 32 || NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 34 || NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 36 || NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 38 ||
        NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 40 || NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 42 || NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 44 || NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 46 ||
        NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 48 || NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 50 || NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 52 || NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 54 ||
        NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 56 || NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 58 || NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 60 || NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 62 ||
        NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 64 || NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 66 || NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 68 || NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 70 ||
        NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 72 || NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 74 || NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 76 || NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 78 ||
        NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 80 || NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD == 82
      )
      fix = "take the next even number"
    }

    constraint "NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD must be less than NRF_CLOUD_PGPS_NUM_PREDICTIONS" {
      condition = NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD < NRF_CLOUD_PGPS_NUM_PREDICTIONS
      fix       = "take at most two less than NRF_CLOUD_PGPS_NUM_PREDICTIONS"
    }

    option "NRF_CLOUD_PGPS_DOWNLOAD_FRAGMENT_SIZE" {
      type    = int
      prompt  = "Bytes asked for at a time"
      default = 1500
      range   = [128, 1500]
      unit    = "bytes"
    }

    option "NRF_CLOUD_PGPS_SOCKET_RETRIES" {
      type    = int
      prompt  = "Times that a download is tried again"
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
        type   = bool
        prompt = "HTTPS"
      }

      option "NRF_CLOUD_PGPS_DOWNLOAD_TRANSPORT_CUSTOM" {
        type   = bool
        prompt = "The cloud connection"
      }
    }

    choice "NRF_CLOUD_PGPS_STORAGE" {
      prompt = "Place of the store"

      option "NRF_CLOUD_PGPS_STORAGE_PARTITION" {
        type   = bool
        prompt = "A file of a fixed size"
      }

      option "NRF_CLOUD_PGPS_STORAGE_MCUBOOT_SECONDARY" {
        type       = bool
        prompt     = "The second firmware slot"
        depends_on = BOOTLOADER_MCUBOOT
        help       = "An update of the firmware takes the place, and the predictions are downloaded again."
      }

      option "NRF_CLOUD_PGPS_STORAGE_CUSTOM" {
        type   = bool
        prompt = "A place that the application gives"
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
        help    = "At least 2048 bytes for each prediction."
      }

      constraint "NRF_CLOUD_PGPS_PARTITION_SIZE must hold 2048 bytes for each of NRF_CLOUD_PGPS_NUM_PREDICTIONS" {
        condition = (
        NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 2 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 4096 || NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 4 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 8192 ||
        NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 6 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 12288 || NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 8 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 16384 ||
        NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 10 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 20480 || NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 12 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 24576 ||
        NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 14 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 28672 || NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 16 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 32768 ||
        NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 18 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 36864 || NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 20 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 40960 ||
        NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 22 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 45056 || NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 24 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 49152 ||
        NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 26 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 53248 || NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 28 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 57344 ||
        NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 30 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 61440 || NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 32 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 65536 ||
        NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 34 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 69632 || NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 36 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 73728 ||
        NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 38 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 77824 || NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 40 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 81920 ||
        NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 42 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 86016 || NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 44 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 90112 ||
        NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 46 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 94208 || NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 48 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 98304 ||
        NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 50 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 102400 || NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 52 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 106496 ||
        NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 54 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 110592 || NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 56 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 114688 ||
        NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 58 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 118784 || NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 60 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 122880 ||
        NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 62 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 126976 || NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 64 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 131072 ||
        NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 66 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 135168 || NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 68 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 139264 ||
        NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 70 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 143360 || NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 72 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 147456 ||
        NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 74 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 151552 || NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 76 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 155648 ||
        NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 78 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 159744 || NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 80 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 163840 ||
        NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 82 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 167936 || NRF_CLOUD_PGPS_NUM_PREDICTIONS <= 84 && NRF_CLOUD_PGPS_PARTITION_SIZE >= 172032
        )
        fix = "set NRF_CLOUD_PGPS_PARTITION_SIZE to \"0x15000\", which holds 42, or to \"0x2A000\", which holds 84"
      }
    }
  }
}
