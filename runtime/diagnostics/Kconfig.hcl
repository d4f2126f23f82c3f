# The debug module (reference 1.7). Only AWS IoT Core carries diagnostics over the cloud connection.

menu "Debug module" {
  planned = "diagnostics over the cloud connection"

  option "MEMFAULT" {
    type   = bool
    prompt = "Memfault"
  }

  option "DEBUG_MODULE" {
    type   = bool
    prompt = "Debug module"
  }

  group {
    depends_on = DEBUG_MODULE && MEMFAULT

    option "DEBUG_MODULE_MEMFAULT_CHUNK_SIZE_MAX" {
      type    = int
      prompt  = "Largest diagnostic chunk"
      default = 2048
      range   = [1, 268435455]
      unit    = "bytes"
    }

    option "DEBUG_MODULE_MEMFAULT_USE_EXTERNAL_TRANSPORT" {
      type       = bool
      prompt     = "Send diagnostics over the cloud connection"
      depends_on = AWS_IOT
      default {
        value = true
        if    = AWS_IOT
      }
      help = "n: by HTTPS."
    }

    option "DEBUG_MODULE_MEMFAULT_HEARTBEAT_INTERVAL_SEC" {
      type    = int
      prompt  = "Time between measurements"
      default = 1800
      range   = [1, 2147483647]
      unit    = "s"
    }

    option "DEBUG_MODULE_MEMFAULT_WATCHDOG_DELTA_MS" {
      type    = int
      prompt  = "Time before the watchdog at which the state is saved"
      default = 5000
      range   = [0, 2147483647]
      unit    = "ms"
    }

    option "DEBUG_MODULE_MEMFAULT_UPDATES_MIN_INTERVAL_SEC" {
      type    = int
      prompt  = "Shortest time between uploads"
      default = 900
      range   = [0, 2147483647]
      unit    = "s"
    }
  }
}
