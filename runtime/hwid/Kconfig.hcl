# Hardware id (reference 1.4). Left out are two members of the choice, because what they need does not exist on a Linux device:
# HW_ID_LIBRARY_SOURCE_UUID (needs MODEM_JWT: tokens signed inside Nordic's modem) and HW_ID_LIBRARY_SOURCE_BLE_MAC (needs BT: Zephyr's
# Bluetooth stack). The needs of the others (NRF_MODEM_LIB, NETWORKING, HWINFO) are always met: the modem adapter gives an IMEI, and the
# operating system has interfaces and a machine id.

menu "Hardware id" {
  option "HW_ID_LIBRARY" {
    type   = bool
    prompt = "Hardware id of the device"
    help   = <<-EOT
      Gives the device the id that clouds know it by, unless CLOUD_CLIENT_ID_USE_CUSTOM sets one.
    EOT
  }

  choice "HW_ID_LIBRARY_SOURCE" {
    prompt     = "Source of the hardware id"
    depends_on = HW_ID_LIBRARY
    default    = HW_ID_LIBRARY_SOURCE_DEVICE_ID

    option "HW_ID_LIBRARY_SOURCE_IMEI" {
      type   = bool
      prompt = "IMEI of the modem"
      help   = <<-EOT
        15 digits. The simulated modem makes an IMEI of the test range on first use and keeps it in the data directory.
      EOT
    }

    option "HW_ID_LIBRARY_SOURCE_NET_MAC" {
      type   = bool
      prompt = "MAC address of the network interface"
      help   = <<-EOT
        12 hex digits in upper case. The first interface with an address given by its maker is taken, the loopback never.
      EOT
    }

    option "HW_ID_LIBRARY_SOURCE_DEVICE_ID" {
      type   = bool
      prompt = "Device id"
      help   = <<-EOT
        32 hex digits in lower case: the id of this installation of the operating system, /etc/machine-id.
      EOT
    }
  }
}
