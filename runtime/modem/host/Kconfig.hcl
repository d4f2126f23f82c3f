# A device without a modem: the network of its operating system.

component "modem" {
  if = MODEM_ADAPTER_HOST
}
