# What every variant starts from: the nRF Connect SDK's prj.conf as far as it concerns the cloud side, without the service.

HW_ID_LIBRARY             = y
HW_ID_LIBRARY_SOURCE_IMEI = y

# Updates. A device that leaves the desk needs a key of yours: BOOT_SIGNATURE_KEY_FILE = "K.pub.pem".
BOOTLOADER_MCUBOOT = y
DFU_TARGET         = y

# y by itself, as in the SDK, where there is always a modem whose firmware can be patched. Here its adapter must be able to.
DFU_TARGET_MODEM_DELTA = n
