# Location (object 6).

component "lwm2m-object" {
  if = LWM2M_LOCATION_OBJ_SUPPORT
}

group {
  depends_on = LWM2M_CLIENT_UTILS

  option "LWM2M_CLIENT_UTILS_LOCATION_OBJ_SUPPORT" {
    type    = bool
    prompt  = "Location (object 6) as the client utilities have it"
    default = true
    select  = [LWM2M_LOCATION_OBJ_SUPPORT]
    help    = "The backend fills it in any case."
  }
}

option "LWM2M_LOCATION_OBJ_SUPPORT" {
  type   = bool
  prompt = "Location (object 6)"
}
