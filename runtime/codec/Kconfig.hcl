# The codec (reference 1.5).

menu "Codec" {
  option "CLOUD_CODEC" {
    type    = bool
    prompt  = "Codec"
    default = true
    effect  = "every backend brings its codec along"
    help    = "Turns samples, requests and configuration into what the cloud service reads, and back."
  }

  group {
    depends_on = CLOUD_CODEC

    choice "CLOUD_CODEC_FORMAT" {
      prompt = "Format"

      default {
        value = CLOUD_CODEC_NRF_CLOUD
        if    = NRF_CLOUD_MQTT
      }
      default {
        value = CLOUD_CODEC_AWS_IOT
        if    = AWS_IOT
      }
      default {
        value = CLOUD_CODEC_AZURE_IOT_HUB
        if    = AZURE_IOT_HUB
      }
      default {
        value = CLOUD_CODEC_LWM2M
        if    = LWM2M_INTEGRATION
      }
      help = "Follows the cloud service, but is not bound to it."

      option "CLOUD_CODEC_NRF_CLOUD" {
        type   = bool
        prompt = "nRF Cloud"
        effect = "the codec is the backend's own"
      }

      option "CLOUD_CODEC_AWS_IOT" {
        type   = bool
        prompt = "AWS IoT Core"
        effect = "the codec is the backend's own"
      }

      option "CLOUD_CODEC_AZURE_IOT_HUB" {
        type   = bool
        prompt = "Azure IoT Hub"
        effect = "the codec is the backend's own"
      }

      option "CLOUD_CODEC_LWM2M" {
        type   = bool
        prompt = "LwM2M"
        effect = "the codec is the backend's own"
      }
    }

    option "CLOUD_CODEC_LWM2M_PATH_LIST_ENTRIES_MAX" {
      type   = int
      prompt = "Most object paths in one update"
      default {
        value = LWM2M_COMPOSITE_PATH_LIST_SIZE
        if    = LWM2M
      }
      default = 1
      effect  = "lists take the room that they need"
      help    = "With LwM2M this is LWM2M_COMPOSITE_PATH_LIST_SIZE: one update is one composite operation."
    }

    constraint "CLOUD_CODEC_LWM2M_PATH_LIST_ENTRIES_MAX must equal LWM2M_COMPOSITE_PATH_LIST_SIZE" {
      condition  = CLOUD_CODEC_LWM2M_PATH_LIST_ENTRIES_MAX == LWM2M_COMPOSITE_PATH_LIST_SIZE
      depends_on = LWM2M
      fix        = "leave out CLOUD_CODEC_LWM2M_PATH_LIST_ENTRIES_MAX: its default is the other one"
    }

    option "CLOUD_CODEC_LWM2M_PATH_ENTRY_SIZE_MAX" {
      type   = int
      prompt = "Longest object path"
      unit   = "bytes"
      effect = "strings take the room that they need"
      default {
        value = 12
        if    = LWM2M
      }
      default = 1
    }

    option "CLOUD_CODEC_APN_LEN_MAX" {
      type    = int
      prompt  = "Longest access point name"
      default = 30
      unit    = "bytes"
      effect  = "strings take the room that they need"
    }

    group {
      depends_on = CLOUD_CODEC_LWM2M

      option "CLOUD_CODEC_MANUFACTURER" {
        type    = string
        prompt  = "Manufacturer"
        default = "Nordic Semiconductor ASA"
        help    = "Object 3, resource 0."
      }

      option "CLOUD_CODEC_LWM2M_THINGY91_SENSORS" {
        type   = bool
        prompt = "Report the environment sensors by IPSO objects"
        select = [LWM2M_IPSO_TEMP_SENSOR, LWM2M_IPSO_HUMIDITY_SENSOR, LWM2M_IPSO_PRESSURE_SENSOR]
      }
    }
  }

  # The codec's own defaults for the engine.
  group {
    depends_on = CLOUD_CODEC_LWM2M_THINGY91_SENSORS

    choice "LWM2M_IPSO_TEMP_SENSOR_VERSION" {
      default = LWM2M_IPSO_TEMP_SENSOR_VERSION_1_1
    }

    choice "LWM2M_IPSO_HUMIDITY_SENSOR_VERSION" {
      default = LWM2M_IPSO_HUMIDITY_SENSOR_VERSION_1_1
    }

    choice "LWM2M_IPSO_PRESSURE_SENSOR_VERSION" {
      default = LWM2M_IPSO_PRESSURE_SENSOR_VERSION_1_1
    }
  }
}
