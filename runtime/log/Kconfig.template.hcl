# The log level of one module (reference 1.1). $(module) and $(module-str) are replaced before this file is parsed.

menu "Log level of the $(module-str)" {
  depends_on = LOG
  planned    = "log levels per module"

  choice "$(module)_LOG_LEVEL_CHOICE" {
    prompt  = "Log level of the $(module-str)"
    default = $(module)_LOG_LEVEL_DEFAULT

    option "$(module)_LOG_LEVEL_OFF" {
      type   = bool
      prompt = "Off"
    }

    option "$(module)_LOG_LEVEL_ERR" {
      type   = bool
      prompt = "Errors"
    }

    option "$(module)_LOG_LEVEL_WRN" {
      type   = bool
      prompt = "Warnings"
    }

    option "$(module)_LOG_LEVEL_INF" {
      type   = bool
      prompt = "Information"
    }

    option "$(module)_LOG_LEVEL_DBG" {
      type   = bool
      prompt = "Debug"
    }

    option "$(module)_LOG_LEVEL_DEFAULT" {
      type   = bool
      prompt = "LOG_DEFAULT_LEVEL"
    }
  }

  option "$(module)_LOG_LEVEL" {
    type  = int
    range = [0, 4]
    default {
      value = 0
      if    = $(module)_LOG_LEVEL_OFF
    }
    default {
      value = 1
      if    = $(module)_LOG_LEVEL_ERR
    }
    default {
      value = 2
      if    = $(module)_LOG_LEVEL_WRN
    }
    default {
      value = 3
      if    = $(module)_LOG_LEVEL_INF
    }
    default {
      value = 4
      if    = $(module)_LOG_LEVEL_DBG
    }
    default = LOG_DEFAULT_LEVEL
    help    = "0 off, 1 errors, 2 warnings, 3 information, 4 debug."
  }
}
