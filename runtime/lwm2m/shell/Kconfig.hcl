# The debug console, as Zephyr's. The program's standard input and output are its own.

menu "Debug console" {
  depends_on = LWM2M

  option "LWM2M_SHELL" {
    type   = bool
    prompt = "Commands on standard input"
    help   = "Answers go to standard output, logs to standard error."
  }

  option "LWM2M_SHELL_MANUAL_START" {
    type       = bool
    prompt     = "Wait for the command start"
    depends_on = LWM2M_SHELL
    origin     = "cloudgen"
    help       = "Until then object 0 is empty and writable, and object 1 has no instance."
  }
}

component "lwm2m-console" {
  if = LWM2M_SHELL
}
