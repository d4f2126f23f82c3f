# Portfolio (object 16), as Zephyr has it.

component "lwm2m-object" {
  if = LWM2M_PORTFOLIO_OBJ_SUPPORT
}

option "LWM2M_PORTFOLIO_OBJ_SUPPORT" {
  type   = bool
  prompt = "Portfolio (object 16)"
  help   = "Identities that servers read and write."
}
