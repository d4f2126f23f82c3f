menu "Application" {
  option "WATCHDOG_APPLICATION" {
    type    = bool
    prompt  = "Watchdog"
    default = true
    help    = "Whoever started the program restarts it when it gives no sign of life in time: the unit in packaging/systemd says so."
  }

  option "WATCHDOG_APPLICATION_TIMEOUT_SEC" {
    type       = int
    prompt     = "Time without a sign of life before the restart"
    default    = 60
    range      = [1, 86400]
    unit       = "s"
    depends_on = WATCHDOG_APPLICATION
  }
}
