# Firmware update (object 5).

component "lwm2m-object" {
  if = LWM2M_FIRMWARE_UPDATE_OBJ_SUPPORT
}

group {
  depends_on = LWM2M_CLIENT_UTILS

  option "LWM2M_CLIENT_UTILS_FIRMWARE_UPDATE_OBJ_SUPPORT" {
    type    = bool
    prompt  = "Firmware update (object 5)"
    default = true
    select  = [LWM2M_FIRMWARE_UPDATE_OBJ_SUPPORT, DFU_TARGET, BOOTLOADER_MCUBOOT, FOTA_DOWNLOAD_PROGRESS_EVT]
  }

  option "LWM2M_CLIENT_UTILS_DOWNLOADER_SEC_TAG" {
    type       = int
    prompt     = "Security tag of the image download"
    default    = 16842753
    range      = [-1, 2147483647]
    depends_on = LWM2M_CLIENT_UTILS_FIRMWARE_UPDATE_OBJ_SUPPORT
    help       = "For https and coaps. -1 is none."
  }

  option "LWM2M_CLIENT_UTILS_ADV_FIRMWARE_UPDATE_OBJ_SUPPORT" {
    type    = bool
    prompt  = "Advanced firmware update (object 33629)"
    planned = "updates of several images"
    help    = "One instance for each image."
  }

  option "LWM2M_CLIENT_UTILS_ADV_FOTA_INSTANCE_COUNT" {
    type       = int
    prompt     = "Images"
    default    = 2
    range      = [1, 10]
    depends_on = LWM2M_CLIENT_UTILS_ADV_FIRMWARE_UPDATE_OBJ_SUPPORT
    planned    = "updates of several images"
  }
}

option "LWM2M_FIRMWARE_UPDATE_OBJ_SUPPORT" {
  type    = bool
  prompt  = "Firmware update (object 5)"
  default = true
}

option "LWM2M_FIRMWARE_PORT_NONSECURE" {
  type    = int
  prompt  = "Port of an image whose coap address has none"
  default = 5683
  range   = [1, 65535]
}

option "LWM2M_FIRMWARE_PORT_SECURE" {
  type    = int
  prompt  = "Port of an image whose coaps address has none"
  default = 5684
  range   = [1, 65535]
}
