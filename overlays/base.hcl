# What every variant starts from: the nRF Connect SDK's prj.conf as far as it concerns the cloud side, without the service.

HW_ID_LIBRARY             = y
HW_ID_LIBRARY_SOURCE_IMEI = y

# Updates. A device that leaves the desk needs a key of yours: BOOT_SIGNATURE_KEY_FILE = "K.pub.pem".
BOOTLOADER_MCUBOOT                  = y
DFU_TARGET                          = y
FOTA_DOWNLOAD                       = y
DOWNLOAD_CLIENT                     = y
DOWNLOAD_CLIENT_BUF_SIZE            = 2300
DOWNLOAD_CLIENT_HTTP_FRAG_SIZE_1024 = y
DOWNLOAD_CLIENT_MAX_HOSTNAME_SIZE   = 128

# Otherwise than in the SDK. Its modem cannot take a response that is larger than a buffer, so it asks for one piece after the other, each a round
# trip. Here the rest of a file comes with one request, as fast as the connection is.
DOWNLOAD_CLIENT_RANGE_REQUESTS  = n
# The state of a download costs a small file, and saves most of the data of one that a restart has cut.
DFU_TARGET_STREAM_SAVE_PROGRESS = y
# y by itself, as there is always a modem whose firmware can be patched. Here the modem's adapter must be able to.
DFU_TARGET_MODEM_DELTA          = n
