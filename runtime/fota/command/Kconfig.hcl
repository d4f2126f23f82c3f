# Images that another program installs.

component "dfu-target" {
  if = DFU_TARGET_COMMAND
}

group {
  depends_on = DFU_TARGET

  option "DFU_TARGET_COMMAND" {
    type   = bool
    prompt = "Custom images, installed by a command"
    origin = "cloudgen"
    help   = "RAUC, SWUpdate, Mender or a script take images that are neither firmware nor a modem's. docs/updates.md says what the command has to do."
  }

  option "DFU_TARGET_COMMAND_PATH" {
    type       = string
    prompt     = "The command"
    depends_on = DFU_TARGET_COMMAND
    required   = true
    pattern    = "^/."
    origin     = "cloudgen"
    help       = "Path of a program on the device."
  }

  option "DFU_TARGET_COMMAND_TIMEOUT_SECONDS" {
    type       = int
    prompt     = "Time that the command may take"
    depends_on = DFU_TARGET_COMMAND
    default    = 1800
    range      = [1, 86400]
    unit       = "s"
    origin     = "cloudgen"
  }
}
