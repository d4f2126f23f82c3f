component "dfu-target" {
  if = DFU_TARGET_COMMAND
}
