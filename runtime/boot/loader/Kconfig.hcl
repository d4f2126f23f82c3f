component "bootloader" {
  if = BOOTLOADER_MCUBOOT
}
