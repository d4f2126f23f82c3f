# Device (object 3): every client has it.

component "lwm2m-object" {
  if = LWM2M
}

group {
  depends_on = LWM2M_CLIENT_UTILS

  option "LWM2M_CLIENT_UTILS_DEVICE_OBJ_SUPPORT" {
    type    = bool
    prompt  = "Fill object 3 before the first samples"
    default = true
    help    = "n: with the first samples."
  }
}

option "LWM2M_DEVICE_PWRSRC_MAX" {
  type    = int
  prompt  = "Power sources of object 3"
  default = 5
  range   = [1, 20]
}

option "LWM2M_DEVICE_ERROR_CODE_MAX" {
  type    = int
  prompt  = "Error codes of object 3"
  default = 10
  range   = [1, 20]
}

option "LWM2M_DEVICE_EXT_DEV_INFO_MAX" {
  type    = int
  prompt  = "External devices of object 3"
  default = 5
  range   = [1, 20]
}

option "LWM2M_DEVICE_ERROR_CODE_SETTINGS" {
  type    = bool
  prompt  = "Keep the error codes of object 3 over a restart"
  planned = "error codes that outlive a restart"
}
