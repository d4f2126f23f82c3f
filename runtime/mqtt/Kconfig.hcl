menu "MQTT" {
  option "MQTT_LIB" {
    type   = bool
    prompt = "MQTT client library"
  }

  group {
    depends_on = MQTT_LIB

    option "MQTT_KEEPALIVE" {
      type    = int
      prompt  = "Keep-alive"
      default = 60
      range   = [0, 65535]
      unit    = "s"
      help    = "Longest time without a packet before the client sends one. 0 switches keep-alive off. The field has 16 bits (MQTT 3.1.1, 3.1.2.10)."
    }

    option "MQTT_CLEAN_SESSION" {
      type   = bool
      prompt = "Clean session"
      help   = "y: the broker forgets subscriptions and waiting messages when the connection ends. n: it keeps them."
    }

    option "MQTT_LIB_TLS" {
      type   = bool
      prompt = "TLS"
    }

    option "MQTT_LIB_TLS_USE_ALPN" {
      type       = bool
      prompt     = "Name the protocol in the TLS handshake (ALPN)"
      depends_on = MQTT_LIB_TLS
    }

    option "MQTT_LIB_WEBSOCKET" {
      type    = bool
      prompt  = "MQTT over WebSocket"
      planned = "MQTT over WebSocket"
    }

    option "MQTT_LIB_CUSTOM_TRANSPORT" {
      type    = bool
      prompt  = "MQTT over a transport of the application"
      planned = "MQTT over a transport of the application"
    }

    choice "MQTT_VERSION" {
      prompt = "Highest protocol level"

      option "MQTT_VERSION_3_1_1" {
        type   = bool
        prompt = "MQTT 3.1.1"
        effect = "MQTT 3.1.1 is what the client speaks"
      }

      option "MQTT_VERSION_5_0" {
        type    = bool
        prompt  = "MQTT 5.0"
        planned = "MQTT 5.0"
      }
    }
  }

  option "MQTT_HELPER" {
    type   = bool
    prompt = "MQTT connection of the cloud backends"
    select = [MQTT_LIB]
  }

  group {
    depends_on = MQTT_HELPER

    option "MQTT_HELPER_NATIVE_TLS" {
      type   = bool
      prompt = "TLS in software"
      effect = "TLS is always done by the firmware, never by the modem"
    }

    option "MQTT_HELPER_PORT" {
      type   = int
      prompt = "Port of the broker"
      range  = [1, 65535]
      default {
        value = 8883
        if    = MQTT_LIB_TLS
      }
      default = 1883
    }

    option "MQTT_HELPER_SEC_TAG" {
      type       = int
      prompt     = "Security tag of the credentials"
      depends_on = MQTT_LIB_TLS
      required   = true
      range      = [-1, 2147483647]
      default {
        value = 42
        if    = CLOUD_LAB_DEFAULTS
        mark  = "lab"
      }
      default = -1
      help    = "Folder TAG below the credentials folder, with ca.pem, cert.pem and key.pem. −1 is none."
    }

    option "MQTT_HELPER_SECONDARY_SEC_TAG" {
      type    = int
      prompt  = "Second security tag"
      range   = [-1, 2147483647]
      default = -1
      help    = "Its ca.pem is trusted as well, for the time in which a cloud changes its root. −1 is none."
    }

    option "MQTT_HELPER_SEND_TIMEOUT" {
      type    = bool
      prompt  = "Limit the time that a write may take"
      default = true
    }

    option "MQTT_HELPER_SEND_TIMEOUT_SEC" {
      type       = int
      prompt     = "Time that a write may take"
      default    = 60
      range      = [1, 86400]
      unit       = "s"
      depends_on = MQTT_HELPER_SEND_TIMEOUT
    }

    option "MQTT_HELPER_STATIC_IP_ADDRESS" {
      type   = string
      prompt = "Address of the broker, in place of a look-up"
      help   = "The host name is still the one that the server's certificate must carry."
    }

    option "MQTT_HELPER_STACK_SIZE" {
      type    = int
      prompt  = "Stack size of the MQTT thread"
      default = 2560
      unit    = "bytes"
      effect  = "a goroutine's stack grows by itself"
    }

    option "MQTT_HELPER_RX_TX_BUFFER_SIZE" {
      type    = int
      prompt  = "Buffer of a packet without its payload"
      default = 256
      unit    = "bytes"
      effect  = "buffers are as large as a packet needs; MQTT_HELPER_PAYLOAD_BUFFER_LEN bounds what comes in"
    }

    option "MQTT_HELPER_PAYLOAD_BUFFER_LEN" {
      type    = int
      prompt  = "Largest payload that is taken"
      default = 4096
      range   = [1, 268435455]
      unit    = "bytes"
      help    = "A longer message is refused and reported; the connection stands. The bound is the protocol's (MQTT 3.1.1, 2.2.3)."
    }

    option "MQTT_HELPER_PROVISION_CERTIFICATES" {
      type    = bool
      prompt  = "Write credentials into the modem when starting"
      default = true
      effect  = "credentials are files below the credentials folder and never part of the binary"
    }

    option "MQTT_HELPER_CERTIFICATES_FOLDER" {
      type       = string
      prompt     = "Folder of the credentials to write"
      default    = "certs"
      depends_on = MQTT_HELPER_PROVISION_CERTIFICATES
      effect     = "credentials are files below the credentials folder and never part of the binary"
    }

    option "MQTT_HELPER_LAST_WILL" {
      type   = bool
      prompt = "Last will"
      help   = "The broker publishes a message of ours when the connection is lost."
    }

    option "MQTT_HELPER_LAST_WILL_MESSAGE" {
      type       = string
      prompt     = "Message of the last will"
      default    = "{\"lastwill\": \"offline\"}"
      depends_on = MQTT_HELPER_LAST_WILL
    }

    option "MQTT_HELPER_LAST_WILL_TOPIC" {
      type       = string
      prompt     = "Topic of the last will"
      default    = "lastwilltopic"
      pattern    = "^[^+#]+$"
      depends_on = MQTT_HELPER_LAST_WILL
    }

    option "MQTT_HELPER_LAST_WILL_QOS" {
      type       = int
      prompt     = "Quality of service of the last will"
      default    = 0
      range      = [0, 1]
      depends_on = MQTT_HELPER_LAST_WILL
      origin     = "cloudgen"
      help       = "The SDK's is 0."
    }

    option "MQTT_HELPER_LAST_WILL_RETAIN" {
      type       = bool
      prompt     = "Retain the last will"
      depends_on = MQTT_HELPER_LAST_WILL
      origin     = "cloudgen"
      help       = "The broker keeps the message for whoever subscribes later. AWS IoT Core wants iot:RetainPublish allowed for its topic."
    }
  }
}
