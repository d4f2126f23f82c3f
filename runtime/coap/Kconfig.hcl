# CoAP (reference 1.18).

menu "CoAP" {
  option "COAP" {
    type       = bool
    prompt     = "CoAP"
    depends_on = !AWS_IOT && !AZURE_IOT_HUB && !NRF_CLOUD_MQTT # it would do nothing there
  }

  group {
    depends_on = COAP

    option "COAP_INIT_ACK_TIMEOUT_MS" {
      type    = int
      prompt  = "Time before a message is sent again for the first time"
      default = 2000
      range   = [1000, 100000]
      unit    = "ms"
      help    = "ACK_TIMEOUT of RFC 7252, 4.8."
    }

    option "COAP_RANDOMIZE_ACK_TIMEOUT" {
      type    = bool
      prompt  = "Draw that time at random"
      default = true
    }

    option "COAP_ACK_RANDOM_PERCENT" {
      type       = int
      prompt     = "Longest time to draw, in percent of the shortest"
      default    = 150
      range      = [100, 10000]
      unit       = "percent"
      depends_on = COAP_RANDOMIZE_ACK_TIMEOUT
      help       = "ACK_RANDOM_FACTOR of RFC 7252, 4.8."
    }

    option "COAP_MAX_RETRANSMIT" {
      type    = int
      prompt  = "Times that a message is sent again"
      default = 4
      range   = [1, 100]
      help    = "MAX_RETRANSMIT of RFC 7252, 4.8."
    }

    option "COAP_BACKOFF_PERCENT" {
      type    = int
      prompt  = "Each further time, in percent of the one before"
      default = 200
      range   = [100, 10000]
      unit    = "percent"
    }

    option "COAP_EXTENDED_OPTIONS_LEN" {
      type   = bool
      prompt = "Options of more than 12 bytes"
      effect = "an option may be as long as the format allows"
    }

    option "COAP_EXTENDED_OPTIONS_LEN_VALUE" {
      type       = int
      prompt     = "Longest option"
      default    = 13
      range      = [13, 65804]
      unit       = "bytes"
      depends_on = COAP_EXTENDED_OPTIONS_LEN
      effect     = "an option may be as long as the format allows"
      help       = "The format ends at 65804 bytes (RFC 7252, 3.1)."
    }
  }
}

source "dtls/Kconfig.hcl" {}
