component "dfu-target" {
  if = DFU_TARGET_MODEM_DELTA || DFU_TARGET_FULL_MODEM
}
