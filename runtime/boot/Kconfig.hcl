# The bootloader (reference 2.1). What the first stage and its slots need on a microcontroller is left out: see ../omitted.hcl.

menu "Bootloader" {
  planned = "the bootloader"

  option "BOOTLOADER_MCUBOOT" {
    type   = bool
    prompt = "Start the firmware by a bootloader"
    help   = "It picks the slot, verifies the image, runs it, and goes back to the old one when the new one fails. Images are MCUboot's."
  }
}
