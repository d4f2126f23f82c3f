# Binary application data (object 19), as Zephyr has it.

component "lwm2m-object" {
  if = LWM2M_BINARYAPPDATA_OBJ_SUPPORT
}

option "LWM2M_BINARYAPPDATA_OBJ_SUPPORT" {
  type   = bool
  prompt = "Binary application data (object 19)"
  help   = "Bytes of the application's own, in both directions."
}
