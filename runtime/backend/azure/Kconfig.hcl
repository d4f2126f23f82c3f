# Azure IoT Hub (reference 1.11).

choice "CLOUD_SERVICE" {
  option "AZURE_IOT_HUB" {
    type    = bool
    prompt  = "Azure IoT Hub"
    select  = [MQTT_HELPER, MQTT_LIB_TLS]
    planned = "the Azure IoT Hub backend"
  }
}

menu "Azure IoT Hub" {
  depends_on = AZURE_IOT_HUB
  planned    = "the Azure IoT Hub backend"

  option "AZURE_IOT_HUB_DEVICE_ID" {
    type   = string
    prompt = "Device id of the library"
    effect = "the cloud module gives the device id, see CLOUD_CLIENT_ID and HW_ID_LIBRARY_SOURCE"
  }

  option "AZURE_IOT_HUB_HOSTNAME" {
    type     = string
    prompt   = "Host name of the hub"
    required = !AZURE_IOT_HUB_DPS
    pattern  = "^[A-Za-z0-9.-]+$"
    default {
      value = "localhost"
      if    = CLOUD_LAB_DEFAULTS && !AZURE_IOT_HUB_DPS
      mark  = "lab"
    }
    help = "As HUB.azure-devices.net. With AZURE_IOT_HUB_DPS the provisioning service names the hub."
  }

  option "AZURE_IOT_HUB_AUTO_DEVICE_TWIN_REQUEST" {
    type    = bool
    prompt  = "Ask for the device twin once connected"
    default = true
  }

  option "AZURE_IOT_HUB_MSG_PROPERTY_RECV_MAX_COUNT" {
    type    = int
    prompt  = "Properties taken from an incoming message"
    default = 3
    range   = [0, 100]
    help    = "Those behind are left out."
  }

  option "AZURE_IOT_HUB_DPS" {
    type   = bool
    prompt = "Device provisioning service (DPS)"
    help   = "It tells the device its hub. The answer is kept, and used at later starts."
  }

  menu "Device provisioning service" {
    depends_on = AZURE_IOT_HUB_DPS

    option "AZURE_IOT_HUB_DPS_ID_SCOPE" {
      type     = string
      prompt   = "Id scope"
      required = true
      pattern  = "^[A-Za-z0-9]+$"
      default {
        value = "0ne00000000"
        if    = CLOUD_LAB_DEFAULTS
        mark  = "lab"
      }
      help = "From the overview of the provisioning service."
    }

    option "AZURE_IOT_HUB_DPS_REG_ID" {
      type   = string
      prompt = "Registration id of the library"
      effect = "the cloud module gives the device id, which is the registration id too"
    }

    option "AZURE_IOT_HUB_DPS_HOSTNAME" {
      type    = string
      prompt  = "Host name of the provisioning service"
      default = "global.azure-devices-provisioning.net"
      pattern = "^[A-Za-z0-9.-]+$"
    }

    option "AZURE_IOT_HUB_DPS_TIMEOUT_SEC" {
      type    = int
      prompt  = "Time without an assignment before provisioning has failed"
      default = 90
      range   = [1, 86400]
      unit    = "s"
      help    = "Each message of the service starts it anew."
    }

    option "AZURE_IOT_HUB_DPS_HOSTNAME_MAX_LEN" {
      type    = int
      prompt  = "Longest host name that is taken"
      default = 64
      range   = [1, 255]
      unit    = "bytes"
    }

    option "AZURE_IOT_HUB_DPS_DEVICE_ID_MAX_LEN" {
      type    = int
      prompt  = "Longest device id that is taken"
      default = 128
      range   = [1, 128]
      unit    = "bytes"
    }
  }
}

menu "Azure FOTA" {
  planned = "FOTA by the device twin"

  option "AZURE_FOTA" {
    type       = bool
    prompt     = "FOTA by the device twin"
    depends_on = AZURE_IOT_HUB && FOTA_DOWNLOAD
    default    = AZURE_IOT_HUB
  }

  group {
    depends_on = AZURE_FOTA

    option "AZURE_FOTA_APP_VERSION" {
      type    = string
      prompt  = "Version that is reported"
      default = "0.0.0-dev"
    }

    option "AZURE_FOTA_VERSION_MAX_LEN" {
      type    = int
      prompt  = "Longest version"
      default = 64
      range   = [1, 1024]
      unit    = "bytes"
    }

    option "AZURE_FOTA_JOB_ID_MAX_LEN" {
      type    = int
      prompt  = "Longest id of a job"
      default = 40
      range   = [1, 1024]
      unit    = "bytes"
    }

    option "AZURE_FOTA_TLS" {
      type    = bool
      prompt  = "Download images by HTTPS"
      default = true
    }

    option "AZURE_FOTA_SEC_TAG" {
      type    = int
      prompt  = "Security tag of the image download"
      range   = [-1, 2147483647]
      default = -1
    }

    option "AZURE_FOTA_DOWNLOAD_PORT" {
      type   = int
      prompt = "Port of the image download"
      range  = [1, 65535]
      default {
        value = 443
        if    = AZURE_FOTA_TLS
      }
      default = 80
    }
  }
}
