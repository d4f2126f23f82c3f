# Assistance data for GNSS (object 33625).

component "lwm2m-object" {
  if = LWM2M_CLIENT_UTILS_GNSS_ASSIST_OBJ_SUPPORT
}

group {
  depends_on = LWM2M_CLIENT_UTILS

  option "LWM2M_CLIENT_UTILS_GNSS_ASSIST_OBJ_SUPPORT" {
    type   = bool
    prompt = "Assistance data (object 33625)"
    select = [LWM2M_CLIENT_UTILS_LOCATION_ASSISTANCE]
  }
}
