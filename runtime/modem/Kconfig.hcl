# The modem module (reference 1.7) and what the cloud side asks of the modem (reference 1.19).

choice "MODEM_ADAPTER" {
  prompt  = "Modem adapter"
  default = MODEM_ADAPTER_SIMULATED
  help    = "What the default program has as its modem; nothing of the others is linked. An adapter of your own is a further member: docs/modem.md."

  option "MODEM_ADAPTER_SIMULATED" {
    type   = bool
    prompt = "Simulated modem"
    origin = "cloudgen"
    help   = "A network that is found after a moment and stays, an IMEI that is drawn at the first start, plausible radio data, a GNSS fix of one place. A file modem.script in the data directory keeps the program from starting: it would not be played."
  }

  option "MODEM_ADAPTER_SCRIPTED" {
    type   = bool
    prompt = "Simulated modem with a script"
    origin = "cloudgen"
    help   = "The simulated modem, to which happens what the file modem.script in the data directory says: lost networks, other cells, a drive with GNSS fixes, updates of its firmware that fail. With NRF_CLOUD_AGNSS or NRF_CLOUD_PGPS its receiver lacks the assistance data that the file says, and takes them."
  }

  option "MODEM_ADAPTER_HOST" {
    type   = bool
    prompt = "None: the host's network"
    origin = "cloudgen"
    help   = "For devices with Ethernet or Wi-Fi, or with a modem that the operating system keeps online. Linux. The network is up while there is a default route; the device id is made from the machine id."
  }
}

source "*/Kconfig.hcl" {}
source "sim/*/Kconfig.hcl" {}

menu "Modem module" {
  option "MODEM_MODULE" {
    type    = bool
    prompt  = "Modem module"
    default = true
    select  = [LTE_LINK_CONTROL, PDN, MODEM_INFO]
    effect  = "MODEM_ADAPTER says what the modem is, and the program always has one"
    help    = "Watches the link to the network and samples what the modem knows."
  }

  option "MODEM_DYNAMIC_DATA_CONVERT_RSRP_TO_DBM" {
    type       = bool
    prompt     = "Report RSRP in dBm"
    default    = true
    depends_on = MODEM_MODULE
    planned    = "the modem's options"
    help       = "n: as the index of 3GPP TS 36.133."
  }

  option "MODEM_APN_LEN_MAX" {
    type    = int
    prompt  = "Longest access point name"
    default = 30
    unit    = "bytes"
    effect  = "strings take the room that they need"
  }
}

menu "LTE link" {
  option "LTE_LINK_CONTROL" {
    type   = bool
    prompt = "Control of the LTE link"
    effect = "the modem adapter keeps the link"
  }

  group {
    depends_on = LTE_LINK_CONTROL

    option "LTE_NETWORK_TIMEOUT" {
      type    = int
      prompt  = "Time that making a connection to the network may take"
      default = 600
      range   = [1, 86400]
      unit    = "s"
      planned = "the modem's options"
    }

    option "LTE_LC_NEIGHBOR_CELL_MEAS_MODULE" {
      type    = bool
      prompt  = "Neighbour cells"
      planned = "the modem's options"
    }

    option "LTE_LC_MODEM_SLEEP_MODULE" {
      type    = bool
      prompt  = "Notices before the modem sleeps and after"
      planned = "the modem's options"
    }

    option "LTE_LC_PSM_MODULE" {
      type   = bool
      prompt = "Power saving mode (PSM)"
      effect = "it is asked of a modem's network, and no adapter for such a modem is part of cloudgen yet: the simulated one has no radio"
    }

    group {
      depends_on = LTE_LC_PSM_MODULE

      option "LTE_PSM_REQ" {
        type   = bool
        prompt = "Ask for PSM"
        effect = "it is asked of a modem's network, and no adapter for such a modem is part of cloudgen yet: the simulated one has no radio"
        help   = "The network decides. Between its periodic updates the device cannot be reached."
      }

      option "LTE_PSM_REQ_RPTAU" {
        type    = string
        prompt  = "Periodic update to ask for"
        default = "00000011"
        pattern = "^[01]{8}$"
        effect  = "it is asked of a modem's network, and no adapter for such a modem is part of cloudgen yet: the simulated one has no radio"
        help    = "GPRS timer 3 of 3GPP TS 24.008, 10.5.7.4a: three bits of unit, five bits of value. 00000011 is 30 min, 11000001 is 320 h."
      }

      option "LTE_PSM_REQ_RAT" {
        type    = string
        prompt  = "Active time to ask for"
        default = "00100001"
        pattern = "^[01]{8}$"
        effect  = "it is asked of a modem's network, and no adapter for such a modem is part of cloudgen yet: the simulated one has no radio"
        help    = "GPRS timer 2 of 3GPP TS 24.008, 10.5.7.3: three bits of unit, five bits of value. 00100001 is 1 min, 00001010 is 20 s."
      }
    }

    option "LTE_LC_EDRX_MODULE" {
      type   = bool
      prompt = "Extended discontinuous reception (eDRX)"
      effect = "it is asked of a modem's network, and no adapter for such a modem is part of cloudgen yet: the simulated one has no radio"
    }

    group {
      depends_on = LTE_LC_EDRX_MODULE

      option "LTE_EDRX_REQ" {
        type   = bool
        prompt = "Ask for eDRX"
        effect = "it is asked of a modem's network, and no adapter for such a modem is part of cloudgen yet: the simulated one has no radio"
      }

      option "LTE_EDRX_REQ_VALUE_LTE_M" {
        type    = string
        prompt  = "eDRX cycle to ask for on LTE-M"
        default = "1001"
        pattern = "^[01]{4}$"
        effect  = "it is asked of a modem's network, and no adapter for such a modem is part of cloudgen yet: the simulated one has no radio"
        help    = "3GPP TS 24.008, 10.5.5.32. 0000 is 5.12 s, 1001 is 163.84 s."
      }

      option "LTE_EDRX_REQ_VALUE_NBIOT" {
        type    = string
        prompt  = "eDRX cycle to ask for on NB-IoT"
        default = "1001"
        pattern = "^[01]{4}$"
        effect  = "it is asked of a modem's network, and no adapter for such a modem is part of cloudgen yet: the simulated one has no radio"
        help    = "3GPP TS 24.008, 10.5.5.32. 1001 is 163.84 s."
      }

      option "LTE_PTW_VALUE_LTE_M" {
        type    = string
        prompt  = "Paging time window to ask for on LTE-M"
        pattern = "^[01]{4}$"
        effect  = "it is asked of a modem's network, and no adapter for such a modem is part of cloudgen yet: the simulated one has no radio"
        help    = "3GPP TS 24.008, 10.5.5.32. 0000 is 1.28 s. Unset: the modem chooses."
      }

      option "LTE_PTW_VALUE_NBIOT" {
        type    = string
        prompt  = "Paging time window to ask for on NB-IoT"
        pattern = "^[01]{4}$"
        effect  = "it is asked of a modem's network, and no adapter for such a modem is part of cloudgen yet: the simulated one has no radio"
        help    = "3GPP TS 24.008, 10.5.5.32. 0000 is 2.56 s. Unset: the modem chooses."
      }
    }

    option "LTE_LC_TAU_PRE_WARNING_MODULE" {
      type   = bool
      prompt = "Notice before a tracking area update"
      effect = "it is asked of a modem's network, and no adapter for such a modem is part of cloudgen yet: the simulated one has no radio"
    }

    option "LTE_LC_TAU_PRE_WARNING_NOTIFICATIONS" {
      type       = bool
      prompt     = "Send what waits together with a tracking area update"
      depends_on = LTE_LC_TAU_PRE_WARNING_MODULE
      effect     = "it is asked of a modem's network, and no adapter for such a modem is part of cloudgen yet: the simulated one has no radio"
    }
  }

  option "PDN" {
    type    = bool
    prompt  = "Packet data network"
    planned = "the modem's options"
  }

  group {
    depends_on = PDN

    option "PDN_DEFAULTS_OVERRIDE" {
      type    = bool
      prompt  = "Own access point"
      planned = "the modem's options"
    }

    option "PDN_DEFAULT_APN" {
      type       = string
      prompt     = "Access point name"
      depends_on = PDN_DEFAULTS_OVERRIDE
      planned    = "the modem's options"
    }
  }
}

menu "Modem information" {
  option "MODEM_INFO" {
    type   = bool
    prompt = "Modem information"
    effect = "the modem adapter is asked for what it can tell"
  }

  group {
    depends_on = MODEM_INFO

    option "MODEM_INFO_ADD_NETWORK" {
      type    = bool
      prompt  = "Network"
      default = true
      effect  = "the modem adapter is asked for what it can tell"
    }

    option "MODEM_INFO_ADD_DATE_TIME" {
      type       = bool
      prompt     = "Time of the modem's clock"
      default    = true
      effect     = "the modem adapter is asked for what it can tell"
      depends_on = MODEM_INFO_ADD_NETWORK
    }

    option "MODEM_INFO_ADD_SIM" {
      type    = bool
      prompt  = "SIM card"
      default = true
      effect  = "the modem adapter is asked for what it can tell"
    }

    option "MODEM_INFO_ADD_SIM_ICCID" {
      type    = bool
      prompt  = "Number of the SIM card (ICCID)"
      default = true
      effect  = "the modem adapter is asked for what it can tell"
    }

    option "MODEM_INFO_ADD_SIM_IMSI" {
      type    = bool
      prompt  = "Number of the subscriber (IMSI)"
      default = true
      effect  = "the modem adapter is asked for what it can tell"
    }

    option "MODEM_INFO_ADD_DEVICE" {
      type    = bool
      prompt  = "Device"
      default = true
      effect  = "the modem adapter is asked for what it can tell"
    }
  }
}

menu "Time" {
  option "DATE_TIME" {
    type   = bool
    prompt = "Time of day"
    effect = "the time of day is the operating system's"
  }

  option "DATE_TIME_UPDATE_INTERVAL_SECONDS" {
    type       = int
    prompt     = "Time between corrections of the clock"
    default    = 14400
    unit       = "s"
    depends_on = DATE_TIME
    effect     = "the operating system keeps its clock right"
  }
}
