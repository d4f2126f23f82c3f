# Cellular connectivity (object 10).

component "lwm2m-object" {
  if = LWM2M_CLIENT_UTILS_CELL_CONN_OBJ_SUPPORT
}

group {
  depends_on = LWM2M_CLIENT_UTILS

  option "LWM2M_CLIENT_UTILS_CELL_CONN_OBJ_SUPPORT" {
    type   = bool
    prompt = "Cellular connectivity (object 10)"
  }

  group {
    depends_on = LWM2M_CLIENT_UTILS_CELL_CONN_OBJ_SUPPORT

    option "LWM2M_CELL_CONN_OBJ_VERSION_1_1" {
      type    = bool
      prompt  = "Object 10 of version 1.1"
      default = true
    }

    option "LWM2M_CELL_CONN_APN_PROFILE_COUNT" {
      type    = int
      prompt  = "Access point profiles"
      default = 3
      range   = [1, 10]
      planned = "access point profiles (object 11)"
    }
  }
}
