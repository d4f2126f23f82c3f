# Location by cells (object 33626).

component "lwm2m-object" {
  if = LWM2M_CLIENT_UTILS_GROUND_FIX_OBJ_SUPPORT
}

group {
  depends_on = LWM2M_CLIENT_UTILS

  option "LWM2M_CLIENT_UTILS_GROUND_FIX_OBJ_SUPPORT" {
    type   = bool
    prompt = "Location by cells (object 33626)"
    select = [LWM2M_CLIENT_UTILS_LOCATION_ASSISTANCE]
  }
}
