# Real-time configuration (object 50009): every client of the cloud module has it.

component "lwm2m-object" {
  if = LWM2M_INTEGRATION
}
