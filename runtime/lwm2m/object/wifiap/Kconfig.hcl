# Wi-Fi access points (object 33627).

component "lwm2m-object" {
  if = LWM2M_CLIENT_UTILS_VISIBLE_WIFI_AP_OBJ_SUPPORT
}

group {
  depends_on = LWM2M_CLIENT_UTILS

  option "LWM2M_CLIENT_UTILS_VISIBLE_WIFI_AP_OBJ_SUPPORT" {
    type   = bool
    prompt = "Wi-Fi access points (object 33627)"
  }

  option "LWM2M_CLIENT_UTILS_VISIBLE_WIFI_AP_INSTANCE_COUNT" {
    type       = int
    prompt     = "Access points"
    default    = 5
    range      = [1, 255]
    depends_on = LWM2M_CLIENT_UTILS_VISIBLE_WIFI_AP_OBJ_SUPPORT
  }

  option "LWM2M_CLIENT_UTILS_WIFI_AP_SCANNER" {
    type       = bool
    prompt     = "The library lists access points"
    depends_on = LWM2M_CLIENT_UTILS_VISIBLE_WIFI_AP_OBJ_SUPPORT
    planned    = "a scanner of access points"
  }
}
