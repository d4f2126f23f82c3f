choice "CLOUD_SERVICE" {
  option "AWS_IOT" {
    type   = bool
    prompt = "AWS IoT Core"
    select = [MQTT_HELPER, MQTT_LIB_TLS]
  }
}

menu "AWS IoT Core" {
  depends_on = AWS_IOT

  option "AWS_IOT_BROKER_HOST_NAME" {
    type     = string
    prompt   = "Host name of the account's endpoint"
    required = true
    pattern  = "^[A-Za-z0-9.-]+$"
    default {
      value = "localhost"
      if    = CLOUD_LAB_DEFAULTS
      mark  = "lab"
    }
    help = "As PREFIX-ats.iot.REGION.amazonaws.com, from `aws iot describe-endpoint --endpoint-type iot:Data-ATS`."
  }

  option "AWS_IOT_CLIENT_ID_STATIC" {
    type    = string
    prompt  = "Client id of the library"
    default = "my-thing"
    effect  = "the cloud module gives the client id, see CLOUD_CLIENT_ID and HW_ID_LIBRARY_SOURCE"
  }

  option "AWS_IOT_CLIENT_ID_MAX_LEN" {
    type    = int
    prompt  = "Longest client id"
    default = 40
    range   = [1, 128]
    unit    = "bytes"
    help    = "AWS IoT Core takes up to 128 bytes."
  }

  option "AWS_IOT_CONNECT_TIMEOUT_SECONDS" {
    type    = int
    prompt  = "Time that making a connection may take"
    default = 30
    range   = [1, 3600]
    unit    = "s"
  }

  option "AWS_IOT_AUTO_DEVICE_SHADOW_REQUEST" {
    type    = bool
    prompt  = "Ask for the device shadow once connected"
    default = true
  }

  option "AWS_IOT_JUST_IN_TIME_PROVISIONING" {
    type   = bool
    prompt = "Try again soon while the service registers the device"
    origin = "cloudgen"
    help   = "For certificates of a CA with automatic registration. The service closes a new device's first connection while it registers the certificate and runs the template, so within AWS_IOT_CONNECT_TIMEOUT_SECONDS a refused connection is tried again after 2, 4 and 8 s, until one has been accepted. n: after the next delay of the cloud module, 32 s."
  }

  option "AWS_IOT_SHADOW_NAME" {
    type    = string
    prompt  = "Name of the device shadow"
    pattern = "^[A-Za-z0-9:_-]{0,64}$"
    origin  = "cloudgen"
    help    = "Empty: the classic shadow. A named shadow is asked for by shadow/name/NAME/get and answers by shadow/name/NAME/get/accepted; no rule republishes its configuration, for the topic would be too deep."
  }

  option "AWS_IOT_TOPIC_DESIRED_CFG_SUBSCRIBE" {
    type       = bool
    prompt     = "Subscribe to shadow/get/accepted/desired/cfg"
    depends_on = AWS_IOT_SHADOW_NAME == ""
    default    = true
    origin     = "cloudgen"
    help       = "The SDK's way to the configuration: a rule of the account republishes it there, so that a modem with little memory need not take the whole shadow. n: the account needs no rule, and the configuration comes by shadow/get/accepted."
  }

  option "AWS_IOT_TOPIC_GET_ACCEPTED_SUBSCRIBE" {
    type   = bool
    prompt = "Subscribe to shadow/get/accepted"
    default {
      value = true
      if    = !AWS_IOT_TOPIC_DESIRED_CFG_SUBSCRIBE
    }
  }

  constraint "AWS_IOT_TOPIC_GET_ACCEPTED_SUBSCRIBE or AWS_IOT_TOPIC_DESIRED_CFG_SUBSCRIBE must be y: by one of them the configuration comes" {
    condition = AWS_IOT_TOPIC_GET_ACCEPTED_SUBSCRIBE || AWS_IOT_TOPIC_DESIRED_CFG_SUBSCRIBE
    fix       = "AWS_IOT_TOPIC_GET_ACCEPTED_SUBSCRIBE = y"
  }

  option "AWS_IOT_TOPIC_GET_REJECTED_SUBSCRIBE" {
    type   = bool
    prompt = "Subscribe to shadow/get/rejected"
    help   = "Without it the device does not learn that it has no shadow yet, and so never reports its configuration."
  }

  option "AWS_IOT_TOPIC_UPDATE_ACCEPTED_SUBSCRIBE" {
    type   = bool
    prompt = "Subscribe to shadow/update/accepted"
  }

  option "AWS_IOT_TOPIC_UPDATE_REJECTED_SUBSCRIBE" {
    type   = bool
    prompt = "Subscribe to shadow/update/rejected"
  }

  option "AWS_IOT_TOPIC_UPDATE_DELTA_SUBSCRIBE" {
    type   = bool
    prompt = "Subscribe to shadow/update/delta"
    help   = "Changes of the configuration come by it."
  }

  option "AWS_IOT_TOPIC_UPDATE_DOCUMENTS_SUBSCRIBE" {
    type   = bool
    prompt = "Subscribe to shadow/update/documents"
    origin = "cloudgen"
    help   = "Each change of the shadow, with the document before and after it. It is for the application; give MQTT_HELPER_PAYLOAD_BUFFER_LEN room for two documents with their metadata."
  }

  option "AWS_IOT_TOPIC_DELETE_ACCEPTED_SUBSCRIBE" {
    type   = bool
    prompt = "Subscribe to shadow/delete/accepted"
  }

  option "AWS_IOT_TOPIC_DELETE_REJECTED_SUBSCRIBE" {
    type   = bool
    prompt = "Subscribe to shadow/delete/rejected"
  }

  option "AWS_IOT_SHADOW_VERSIONED_REPORTS" {
    type   = bool
    prompt = "Report the configuration for a version of the shadow"
    select = [AWS_IOT_TOPIC_GET_ACCEPTED_SUBSCRIBE, AWS_IOT_TOPIC_UPDATE_ACCEPTED_SUBSCRIBE, AWS_IOT_TOPIC_UPDATE_REJECTED_SUBSCRIBE]
    origin = "cloudgen"
    help   = "A report of the configuration carries the shadow's version, so that the service refuses it (409) where the shadow has changed meanwhile; the device then asks for the shadow and reports once more."
  }

  option "MEMFAULT_NCS_PROJECT_KEY" {
    type    = string
    prompt  = "Memfault project key"
    pattern = "^[A-Za-z0-9_-]{0,64}$"
    help    = "Diagnostic chunks go to CLIENTID/memfault/KEY; empty: to CLIENTID/memfault."
  }
}

component "backend" {
  if         = AWS_IOT
  implements = ["Reporter", "Batcher", "Alerter", "Configurer", "Locator", "Assistant", "Diagnoser"]
  packaging = {
    "aws/README.md"        = "packaging.md.tmpl"
    "aws/policy.json"      = "policy.json.tmpl"
    "aws/rule.json"        = "rule.json.tmpl"
    "aws/role-trust.json"  = "role-trust.json.tmpl"
    "aws/role-policy.json" = "role-policy.json.tmpl"
  }
}

source "jobs/Kconfig.hcl" {}
