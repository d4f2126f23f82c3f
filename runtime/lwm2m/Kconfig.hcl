# The LwM2M engine (reference 1.17). It stands on CoAP, see ../coap.

menu "LwM2M engine" {
  option "LWM2M" {
    type       = bool
    prompt     = "LwM2M engine"
    select     = [COAP]
    depends_on = !AWS_IOT && !AZURE_IOT_HUB && !NRF_CLOUD_MQTT # it would do nothing there
  }

  menu "Versions" {
    depends_on = LWM2M

    choice "LWM2M_VERSION" {
      prompt  = "Version of the protocol"
      default = LWM2M_VERSION_1_0

      option "LWM2M_VERSION_1_0" {
        type   = bool
        prompt = "1.0"
        imply  = [LWM2M_RW_OMA_TLV_SUPPORT]
      }

      option "LWM2M_VERSION_1_1" {
        type   = bool
        prompt = "1.1"
        imply  = [LWM2M_RW_CBOR_SUPPORT]
      }
    }

    choice "LWM2M_SECURITY_OBJECT_VERSION" {
      prompt = "Version of object 0"

      default {
        value = LWM2M_SECURITY_OBJECT_VERSION_1_0
        if    = LWM2M_VERSION_1_0
      }
      default {
        value = LWM2M_SECURITY_OBJECT_VERSION_1_1
        if    = LWM2M_VERSION_1_1
      }

      option "LWM2M_SECURITY_OBJECT_VERSION_1_0" {
        type   = bool
        prompt = "1.0"
      }

      option "LWM2M_SECURITY_OBJECT_VERSION_1_1" {
        type   = bool
        prompt = "1.1"
      }
    }

    choice "LWM2M_SERVER_OBJECT_VERSION" {
      prompt = "Version of object 1"

      default {
        value = LWM2M_SERVER_OBJECT_VERSION_1_0
        if    = LWM2M_VERSION_1_0
      }
      default {
        value = LWM2M_SERVER_OBJECT_VERSION_1_1
        if    = LWM2M_VERSION_1_1
      }

      option "LWM2M_SERVER_OBJECT_VERSION_1_0" {
        type   = bool
        prompt = "1.0"
      }

      option "LWM2M_SERVER_OBJECT_VERSION_1_1" {
        type   = bool
        prompt = "1.1"
      }
    }
  }

  menu "Connection" {
    depends_on = LWM2M

    option "LWM2M_DNS_SUPPORT" {
      type   = bool
      prompt = "Host names in addresses"
      help   = "n: addresses of servers are numbers."
    }

    option "LWM2M_RD_CLIENT_SUPPORT_BOOTSTRAP" {
      type   = bool
      prompt = "Bootstrap"
    }

    option "LWM2M_RD_CLIENT_MAX_RETRIES" {
      type    = int
      prompt  = "Times that a registration is tried again"
      default = 5
      range   = [0, 1000]
      help    = "At most 4 count, unless a bootstrap server allows more: object 1, resource 17. The cloud module has its own delays beside."
    }

    option "LWM2M_RD_CLIENT_ENDPOINT_NAME_MAX_LENGTH" {
      type    = int
      prompt  = "Room for the endpoint name"
      default = 33
      range   = [2, 256]
      unit    = "bytes"
      help    = "One more than its longest length. \"urn:imei:\" and 15 digits take 25."
    }

    option "LWM2M_PEER_PORT" {
      type    = int
      prompt  = "Port of a server whose address has none"
      default = 5683
      range   = [1, 65535]
    }

    option "LWM2M_QUEUE_MODE_ENABLED" {
      type   = bool
      prompt = "Queue mode"
      help   = "The device sleeps between its messages; the server waits with its own."
    }

    option "LWM2M_QUEUE_MODE_UPTIME" {
      type      = int
      prompt    = "Time awake after a message"
      prompt_if = LWM2M_QUEUE_MODE_ENABLED
      default   = 93
      range     = [1, 86400]
      unit      = "s"
      help      = "MAX_TRANSMIT_WAIT of RFC 7252, 4.8.2, is 93 s."
    }

    option "LWM2M_QUEUE_MODE_NO_MSG_BUFFERING" {
      type   = bool
      prompt = "Send at once in queue mode too"
      help   = "n: with the next update of the registration."
    }

    choice "LWM2M_RD_CLIENT_AT_IDLE" {
      prompt = "Socket of a device that sleeps"

      option "LWM2M_RD_CLIENT_CLOSE_SOCKET_AT_IDLE" {
        type   = bool
        prompt = "Closed"
      }

      option "LWM2M_RD_CLIENT_SUSPEND_SOCKET_AT_IDLE" {
        type   = bool
        prompt = "Not read, and closed when the device wakes"
      }

      option "LWM2M_RD_CLIENT_STOP_POLLING_AT_IDLE" {
        type   = bool
        prompt = "Not read"
      }

      option "LWM2M_RD_CLIENT_LISTEN_AT_IDLE" {
        type   = bool
        prompt = "Read all the time"
      }
    }
  }

  menu "Registration" {
    depends_on = LWM2M

    option "LWM2M_ENGINE_DEFAULT_LIFETIME" {
      type    = int
      prompt  = "Lifetime of the registration"
      default = 30
      range   = [15, 4294967295]
      unit    = "s"
      help    = "It is also the shortest lifetime that is taken from a server."
    }

    option "LWM2M_UPDATE_PERIOD" {
      type    = int
      prompt  = "Time between updates of the registration"
      default = 0
      range   = [0, 4294967295]
      unit    = "s"
      help    = "0: as LWM2M_SECONDS_TO_UPDATE_EARLY says. Else whichever comes first."
    }

    option "LWM2M_SECONDS_TO_UPDATE_EARLY" {
      type    = int
      prompt  = "Time before the end of the lifetime when it is updated"
      default = 10
      range   = [1, 4294967295]
      unit    = "s"
    }

    option "LWM2M_SERVER_DEFAULT_SSID" {
      type    = int
      prompt  = "Short id of the server"
      default = 101
      range   = [1, 65534]
      help    = "Where no bootstrap server gives one."
    }

    option "LWM2M_SERVER_DEFAULT_PMIN" {
      type    = int
      prompt  = "Shortest time between notifications"
      default = 0
      range   = [0, 4294967295]
      unit    = "s"
    }

    option "LWM2M_SERVER_DEFAULT_PMAX" {
      type    = int
      prompt  = "Longest time between notifications"
      default = 0
      range   = [0, 4294967295]
      unit    = "s"
      help    = "0: no limit."
    }
  }

  menu "Messages and limits" {
    depends_on = LWM2M

    option "LWM2M_COAP_BLOCK_SIZE" {
      type    = int
      prompt  = "Block"
      default = 256
      range   = [64, 1024]
      unit    = "bytes"
      help    = "A power of two."
    }

    constraint "LWM2M_COAP_BLOCK_SIZE must be 64, 128, 256, 512 or 1024" {
      condition = (
        LWM2M_COAP_BLOCK_SIZE == 64 || LWM2M_COAP_BLOCK_SIZE == 128 || LWM2M_COAP_BLOCK_SIZE == 256 ||
        LWM2M_COAP_BLOCK_SIZE == 512 || LWM2M_COAP_BLOCK_SIZE == 1024
      )
      fix = "take one of these"
    }

    option "LWM2M_COAP_MAX_MSG_SIZE" {
      type    = int
      prompt  = "Largest message"
      default = LWM2M_COAP_BLOCK_SIZE
      range   = [LWM2M_COAP_BLOCK_SIZE, 65507]
      unit    = "bytes"
      help    = "At least a block. A UDP datagram ends at 65507 bytes."
    }

    option "LWM2M_COAP_BLOCK_TRANSFER" {
      type   = bool
      prompt = "Send large messages in blocks"
    }

    group {
      depends_on = LWM2M_COAP_BLOCK_TRANSFER

      option "LWM2M_COAP_ENCODE_BUFFER_SIZE" {
        type    = int
        prompt  = "Largest message to send in blocks"
        default = 1024
        range   = [64, 1048576]
        unit    = "bytes"
      }

      option "LWM2M_NUM_OUTPUT_BLOCK_CONTEXT" {
        type    = int
        prompt  = "Messages sent in blocks at a time"
        default = 3
        range   = [1, 1000]
      }
    }

    option "LWM2M_NUM_BLOCK1_CONTEXT" {
      type    = int
      prompt  = "Messages received in blocks at a time"
      default = 3
      range   = [1, 1000]
    }

    option "LWM2M_COMPOSITE_PATH_LIST_SIZE" {
      type    = int
      prompt  = "Paths of a composite operation or a Send"
      default = 6
      range   = [1, 1000]
    }

    option "LWM2M_CANCEL_OBSERVE_BY_PATH" {
      type   = bool
      prompt = "Cancel an observation also by its path"
      help   = "For servers that forget the token."
    }

    option "LWM2M_ENGINE_MAX_MESSAGES" {
      type    = int
      prompt  = "Messages at a time"
      default = 10
      range   = [1, 1000]
      effect  = "a Go program's memory is not divided among messages"
    }

    option "LWM2M_ENGINE_MAX_PENDING" {
      type    = int
      prompt  = "Messages that wait for their acknowledgement"
      default = 5
      range   = [1, 1000]
      effect  = "a Go program's memory is not divided among messages"
    }

    option "LWM2M_ENGINE_MAX_REPLIES" {
      type    = int
      prompt  = "Messages that wait for their answer"
      default = 5
      range   = [1, 1000]
      effect  = "a Go program's memory is not divided among messages"
    }

    option "LWM2M_ENGINE_MAX_OBSERVER" {
      type    = int
      prompt  = "Observations"
      default = 10
      range   = [5, 200]
    }

    option "LWM2M_NUM_ATTR" {
      type    = int
      prompt  = "Attributes that servers may write"
      default = 20
      range   = [1, 10000]
    }

    option "LWM2M_SECURITY_KEY_SIZE" {
      type    = int
      prompt  = "Longest key"
      default = 16
      range   = [1, 4096]
      unit    = "bytes"
      help    = "Of the resources 3 to 5 of object 0."
    }

    option "LWM2M_SECURITY_DTLS_TLS_CIPHERSUITE_MAX" {
      type       = int
      prompt     = "Cipher suites of object 0"
      default    = 5
      range      = [0, 20]
      depends_on = LWM2M_SECURITY_OBJECT_VERSION_1_1
    }

    option "LWM2M_SECURITY_INSTANCE_COUNT" {
      type   = int
      prompt = "Instances of object 0"
      range  = [1, 10]
      default {
        value = 2
        if    = LWM2M_RD_CLIENT_SUPPORT_BOOTSTRAP
      }
      default = 1
    }

    option "LWM2M_SERVER_INSTANCE_COUNT" {
      type   = int
      prompt = "Instances of object 1"
      range  = [1, 10]
      default {
        value = 2
        if    = LWM2M_RD_CLIENT_SUPPORT_BOOTSTRAP
      }
      default = 1
    }

    option "LWM2M_SWMGMT_PACKAGE_URI_LEN" {
      type    = int
      prompt  = "Longest address of object 9"
      default = 128
      range   = [1, 65535]
      unit    = "bytes"
      effect  = "there is no object 9: nothing but whole images of the firmware is installed"
    }
  }

  menu "Formats" {
    depends_on = LWM2M

    option "LWM2M_RW_OMA_TLV_SUPPORT" {
      type   = bool
      prompt = "TLV"
    }

    option "LWM2M_RW_JSON_SUPPORT" {
      type   = bool
      prompt = "JSON of version 1.0"
    }

    option "LWM2M_RW_SENML_JSON_SUPPORT" {
      type   = bool
      prompt = "SenML JSON"
    }

    option "LWM2M_RW_CBOR_SUPPORT" {
      type   = bool
      prompt = "CBOR"
    }

    option "LWM2M_RW_SENML_CBOR_SUPPORT" {
      type   = bool
      prompt = "SenML CBOR"
    }

    option "LWM2M_RW_SENML_CBOR_RECORDS" {
      type       = int
      prompt     = "Records of a SenML CBOR message"
      default    = 30
      range      = [1, 10000]
      depends_on = LWM2M_RW_SENML_CBOR_SUPPORT
    }

    option "LWM2M_RESOURCE_DATA_CACHE_SUPPORT" {
      type       = bool
      prompt     = "Time series"
      depends_on = LWM2M_RW_SENML_JSON_SUPPORT || LWM2M_RW_SENML_CBOR_SUPPORT
      planned    = "time series"
      help       = "Values that could not be sent are kept with their times, and sent together."
    }

    group {
      depends_on = LWM2M_RESOURCE_DATA_CACHE_SUPPORT

      option "LWM2M_MAX_CACHED_RESOURCES" {
        type    = int
        prompt  = "Resources with a time series"
        default = 4
        range   = [1, 1000]
        planned = "time series"
      }

      choice "LWM2M_CACHE_DROP" {
        prompt  = "When a time series is full"
        default = LWM2M_CACHE_DROP_OLDEST

        option "LWM2M_CACHE_DROP_LATEST" {
          type    = bool
          prompt  = "Drop the newest value"
          planned = "time series"
        }

        option "LWM2M_CACHE_DROP_OLDEST" {
          type    = bool
          prompt  = "Drop the oldest value"
          planned = "time series"
        }
      }
    }
  }

  menu "Objects" {
    depends_on = LWM2M

    option "LWM2M_ACCESS_CONTROL_ENABLE" {
      type    = bool
      prompt  = "Access control (object 2)"
      planned = "several servers, each with its rights (object 2)"
    }

    option "LWM2M_ACCESS_CONTROL_INSTANCE_COUNT" {
      type       = int
      prompt     = "Instances of object 2"
      default    = 50
      range      = [1, 10000]
      depends_on = LWM2M_ACCESS_CONTROL_ENABLE
      planned    = "several servers, each with its rights (object 2)"
    }

    option "LWM2M_IPSO_SUPPORT" {
      type   = bool
      prompt = "Objects of IPSO"
    }

    source "object/*/Kconfig.hcl" {}
  }

  source "shell/Kconfig.hcl" {}
  source "client/secure/Kconfig.hcl" {}
}
