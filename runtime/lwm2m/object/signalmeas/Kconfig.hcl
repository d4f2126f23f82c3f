# Signal of neighbour cells (object 10256).

component "lwm2m-object" {
  if = LWM2M_CLIENT_UTILS_SIGNAL_MEAS_INFO_OBJ_SUPPORT
}

group {
  depends_on = LWM2M_CLIENT_UTILS

  option "LWM2M_CLIENT_UTILS_SIGNAL_MEAS_INFO_OBJ_SUPPORT" {
    type   = bool
    prompt = "Signal of neighbour cells (object 10256)"
  }

  group {
    depends_on = LWM2M_CLIENT_UTILS_SIGNAL_MEAS_INFO_OBJ_SUPPORT

    option "LWM2M_CLIENT_UTILS_SIGNAL_MEAS_INFO_INSTANCE_COUNT" {
      type    = int
      prompt  = "Neighbour cells"
      default = 3
      range   = [1, 17]
    }

    option "LWM2M_CLIENT_UTILS_NEIGHBOUR_CELL_LISTENER" {
      type    = bool
      prompt  = "The library follows the modem's measurements"
      planned = "a modem adapter that measures neighbour cells"
    }
  }
}
