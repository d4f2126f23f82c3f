# DTLS, as far as LwM2M uses it: pre-shared keys. For raw public keys and certificates the SDK has no options either.

menu "DTLS" {
  depends_on = LWM2M

  option "LWM2M_DTLS_SUPPORT" {
    type   = bool
    prompt = "DTLS"
  }

  option "LWM2M_DTLS_CID" {
    type       = bool
    prompt     = "DTLS connection id"
    depends_on = LWM2M_DTLS_SUPPORT
    help       = "The session outlives a change of the device's address (RFC 9146), where the server takes part."
  }

  option "LWM2M_TLS_SESSION_CACHING" {
    type       = bool
    prompt     = "Resume DTLS sessions"
    depends_on = LWM2M_DTLS_SUPPORT
  }
}
