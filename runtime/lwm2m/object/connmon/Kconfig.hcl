# Connectivity monitoring (object 4).

component "lwm2m-object" {
  if = LWM2M_CONN_MON_OBJ_SUPPORT
}

group {
  depends_on = LWM2M_CLIENT_UTILS

  option "LWM2M_CLIENT_UTILS_CONN_MON_OBJ_SUPPORT" {
    type    = bool
    prompt  = "Connectivity monitoring (object 4) as the client utilities have it"
    default = true
    select  = [LWM2M_CONN_MON_OBJ_SUPPORT]
    help    = "The backend fills it in any case."
  }

  # The library's own default for the engine.
  group {
    depends_on = LWM2M_CLIENT_UTILS_CONN_MON_OBJ_SUPPORT

    option "LWM2M_CONN_MON_BEARER_MAX" {
      type    = int
      default = 2
      effect  = "lists take the room that they need"
    }

    option "LWM2M_CONN_HOLD_TIME_RSRP" {
      type    = int
      prompt  = "Shortest time between notices of the signal"
      default = 60
      range   = [0, 86400]
      unit    = "s"
      planned = "a modem adapter that measures the signal"
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
