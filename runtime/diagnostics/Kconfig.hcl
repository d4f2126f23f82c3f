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
      unit    = "bytes"
    }

    option "DEBUG_MODULE_MEMFAULT_USE_EXTERNAL_TRANSPORT" {
      type   = bool
      prompt = "Send diagnostics over the cloud connection"
      default {
        value = true
        if    = AWS_IOT
      }
    }
  }
}
