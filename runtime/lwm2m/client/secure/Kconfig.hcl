# The options of DTLS are beside it, see ../../../coap/dtls.

component "dtls" {
  if = LWM2M_DTLS_SUPPORT
}
