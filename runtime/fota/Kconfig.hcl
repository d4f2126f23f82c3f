# Download and installation of images (reference 1.15). What only sizes the flash or the memory of a microcontroller is left out: see
# ../omitted.hcl.

menu "Download client" {
  option "DOWNLOAD_CLIENT" {
    type   = bool
    prompt = "Download client"
    help   = "Downloads by HTTP, HTTPS and CoAP, in pieces."
  }

  group {
    depends_on = DOWNLOAD_CLIENT

    option "DOWNLOAD_CLIENT_BUF_SIZE" {
      type    = int
      prompt  = "Buffer of a piece"
      default = 2048
      range   = [256, 4096]
      unit    = "bytes"
    }

    choice "DOWNLOAD_CLIENT_HTTP_FRAG_SIZE" {
      prompt  = "Bytes asked for at a time by HTTP"
      default = DOWNLOAD_CLIENT_HTTP_FRAG_SIZE_2048

      option "DOWNLOAD_CLIENT_HTTP_FRAG_SIZE_4096" {
        type       = bool
        prompt     = "4096"
        depends_on = DOWNLOAD_CLIENT_BUF_SIZE >= 4096
      }

      option "DOWNLOAD_CLIENT_HTTP_FRAG_SIZE_2048" {
        type       = bool
        prompt     = "2048"
        depends_on = DOWNLOAD_CLIENT_BUF_SIZE >= 2048
      }

      option "DOWNLOAD_CLIENT_HTTP_FRAG_SIZE_1024" {
        type       = bool
        prompt     = "1024"
        depends_on = DOWNLOAD_CLIENT_BUF_SIZE >= 1024
      }

      option "DOWNLOAD_CLIENT_HTTP_FRAG_SIZE_512" {
        type       = bool
        prompt     = "512"
        depends_on = DOWNLOAD_CLIENT_BUF_SIZE >= 512
      }

      option "DOWNLOAD_CLIENT_HTTP_FRAG_SIZE_256" {
        type       = bool
        prompt     = "256"
        depends_on = DOWNLOAD_CLIENT_BUF_SIZE >= 256
      }
    }

    choice "DOWNLOAD_CLIENT_COAP_BLOCK_SIZE" {
      prompt     = "Bytes of a block by CoAP"
      planned    = "downloads by CoAP"
      depends_on = COAP
      default    = DOWNLOAD_CLIENT_COAP_BLOCK_SIZE_512
      help       = "20 bytes of the buffer are for the header."

      option "DOWNLOAD_CLIENT_COAP_BLOCK_SIZE_512" {
        type       = bool
        prompt     = "512"
        depends_on = DOWNLOAD_CLIENT_BUF_SIZE >= 532
      }

      option "DOWNLOAD_CLIENT_COAP_BLOCK_SIZE_256" {
        type       = bool
        prompt     = "256"
        depends_on = DOWNLOAD_CLIENT_BUF_SIZE >= 276
      }

      option "DOWNLOAD_CLIENT_COAP_BLOCK_SIZE_128" {
        type       = bool
        prompt     = "128"
        depends_on = DOWNLOAD_CLIENT_BUF_SIZE >= 148
      }
    }

    option "DOWNLOAD_CLIENT_MAX_HOSTNAME_SIZE" {
      type    = int
      prompt  = "Longest host name"
      default = 255
      range   = [8, 256]
      unit    = "bytes"
    }

    option "DOWNLOAD_CLIENT_MAX_FILENAME_SIZE" {
      type    = int
      prompt  = "Longest path of a file"
      default = 255
      range   = [8, 2048]
      unit    = "bytes"
    }

    option "DOWNLOAD_CLIENT_TCP_SOCK_TIMEO_MS" {
      type    = int
      prompt  = "Time without a byte before a download has failed"
      default = 30000
      range   = [-1, 600000]
      unit    = "ms"
      help    = "-1: no limit."
    }

    option "DOWNLOAD_CLIENT_COAP_MAX_RETRANSMIT_REQUEST_COUNT" {
      type    = int
      prompt  = "Times that a CoAP request is sent again"
      planned = "downloads by CoAP"
      default = 4
      range   = [1, 10]
    }

    option "DOWNLOAD_CLIENT_RANGE_REQUESTS" {
      type    = bool
      prompt  = "Ask for ranges"
      default = true
      help    = "n: the whole file with one request, where the server and the target allow it."
    }

    option "DOWNLOAD_CLIENT_CID" {
      type    = bool
      prompt  = "DTLS connection id"
      planned = "downloads by CoAP"
    }

    option "DOWNLOAD_CLIENT_LOG_HEADERS" {
      type   = bool
      prompt = "Write the headers to the log"
    }
  }
}

menu "Installation of images" {
  option "DFU_TARGET" {
    type   = bool
    prompt = "Targets of images"
  }

  group {
    depends_on = DFU_TARGET

    option "DFU_TARGET_MCUBOOT" {
      type       = bool
      prompt     = "Firmware"
      default    = true
      depends_on = BOOTLOADER_MCUBOOT
    }

    option "DFU_TARGET_STREAM_SAVE_PROGRESS" {
      type   = bool
      prompt = "Go on after a restart where a download was cut"
    }

    option "DFU_TARGET_MCUBOOT_SAVE_PROGRESS" {
      renamed_to = DFU_TARGET_STREAM_SAVE_PROGRESS
    }

    option "DFU_TARGET_MODEM_DELTA" {
      type    = bool
      prompt  = "Patches of the modem's firmware"
      default = true
      imply   = [DOWNLOAD_CLIENT_RANGE_REQUESTS]
    }

    option "DFU_TARGET_MODEM_TIMEOUT" {
      type       = int
      prompt     = "Time between notices that the modem is still erasing"
      default    = 60
      range      = [1, 86400]
      unit       = "s"
      depends_on = DFU_TARGET_MODEM_DELTA
    }

    option "DFU_TARGET_FULL_MODEM" {
      type       = bool
      prompt     = "The modem's whole firmware"
      depends_on = FMFU_FDEV
    }
  }

  option "FMFU_FDEV" {
    type   = bool
    prompt = "Programming of the modem from a file"
  }

  option "FMFU_FDEV_SKIP_PREVALIDATION" {
    type       = bool
    prompt     = "Do not check a modem image before it is programmed"
    depends_on = FMFU_FDEV
    help       = "For development alone."
  }
}

menu "FOTA" {
  option "FOTA_DOWNLOAD" {
    type       = bool
    prompt     = "Firmware over the air"
    depends_on = DOWNLOAD_CLIENT && DFU_TARGET
    help       = "The step from a cloud's job to an image that is ready to start, the same for all clouds."
  }

  group {
    depends_on = FOTA_DOWNLOAD

    option "FOTA_SOCKET_RETRIES" {
      type    = int
      prompt  = "Times that a broken download is taken up again"
      default = 2
      range   = [0, 100]
    }

    option "FOTA_DOWNLOAD_PROGRESS_EVT" {
      type   = bool
      prompt = "Tell the progress"
    }

    option "FOTA_CLIENT_AUTOSCHEDULE_UPDATE" {
      type    = bool
      prompt  = "Start the image at the next boot"
      default = true
      help    = "n: the application says when."
    }

    option "FOTA_DOWNLOAD_NATIVE_TLS" {
      type   = bool
      prompt = "TLS in software"
      effect = "TLS is always done by the firmware, never by the modem"
    }

    option "FOTA_DOWNLOAD_FILE_NAME_LENGTH" {
      type    = int
      prompt  = "Longest path of an image"
      default = 128
      range   = [1, 65535]
      unit    = "bytes"
    }

    option "FOTA_DOWNLOAD_HOST_NAME_LENGTH" {
      type    = int
      prompt  = "Longest host name"
      default = 128
      range   = [1, 65535]
      unit    = "bytes"
    }

    option "FOTA_DOWNLOAD_RESOURCE_LOCATOR_LENGTH" {
      type    = int
      prompt  = "Longest URL"
      default = 512
      range   = [1, 65535]
      unit    = "bytes"
    }

    option "FOTA_DOWNLOAD_SEC_TAG_LIST_SIZE_MAX" {
      type    = int
      prompt  = "Most security tags of one download"
      default = 5
      range   = [1, 100]
    }
  }
}

source "application/Kconfig.hcl" {}
source "modemimage/Kconfig.hcl" {}
source "command/Kconfig.hcl" {}
