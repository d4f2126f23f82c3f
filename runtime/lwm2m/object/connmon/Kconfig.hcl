# Connectivity monitoring (object 4).

component "lwm2m-object" {
  if = LWM2M_CONN_MON_OBJ_SUPPORT
}

group {
  depends_on = LWM2M_CLIENT_UTILS

  option "LWM2M_CLIENT_UTILS_CONN_MON_OBJ_SUPPORT" {
    type    = bool
    prompt  = "Fill object 4 between the samples too"
    default = true
    select  = [LWM2M_CONN_MON_OBJ_SUPPORT]
    help    = "n: with the samples."
  }

  group {
    depends_on = LWM2M_CLIENT_UTILS_CONN_MON_OBJ_SUPPORT

    # The library's own default for the engine.
    option "LWM2M_CONN_MON_BEARER_MAX" {
      type    = int
      default = 2
      effect  = "lists take the room that they need"
    }

    option "LWM2M_CONN_HOLD_TIME_RSRP" {
      type    = int
      prompt  = "Time between two looks at the modem"
      default = 60
      range   = [0, 86400]
      unit    = "s"
    }
  }
}

option "LWM2M_CONN_MON_OBJ_SUPPORT" {
  type   = bool
  prompt = "Connectivity monitoring (object 4)"
}

group {
  depends_on = LWM2M_CONN_MON_OBJ_SUPPORT

  choice "LWM2M_CONNMON_OBJECT_VERSION" {
    prompt  = "Version of object 4"
    default = LWM2M_CONNMON_OBJECT_VERSION_1_0

    option "LWM2M_CONNMON_OBJECT_VERSION_1_0" {
      type   = bool
      prompt = "1.0"
    }

    option "LWM2M_CONNMON_OBJECT_VERSION_1_2" {
      type   = bool
      prompt = "1.2"
    }

    option "LWM2M_CONNMON_OBJECT_VERSION_1_3" {
      type   = bool
      prompt = "1.3"
    }
  }

  option "LWM2M_CONN_MON_BEARER_MAX" {
    type    = int
    prompt  = "Bearers of object 4"
    default = 1
    range   = [1, 50]
  }

  option "LWM2M_CONN_MON_APN_MAX" {
    type    = int
    prompt  = "Access point names of object 4"
    default = 1
    range   = [1, 50]
    effect  = "lists take the room that they need"
  }
}
