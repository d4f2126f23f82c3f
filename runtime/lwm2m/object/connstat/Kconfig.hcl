# Connectivity statistics (object 7). The SDK does not have it.

component "lwm2m-object" {
  if = LWM2M_CONN_STAT_OBJ_SUPPORT
}

option "LWM2M_CONN_STAT_OBJ_SUPPORT" {
  type   = bool
  prompt = "Connectivity statistics (object 7)"
  origin = "cloudgen"
  help   = "Counts the bytes and the datagrams of the connection to the server, once the server asks for it."
}
