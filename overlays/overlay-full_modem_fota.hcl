# FOTA of the modem's whole firmware, on top of overlay-nrfcloud.hcl: no other cloud does it.

NRF_CLOUD_FOTA_FULL_MODEM_UPDATE = y

# Left out, see runtime/omitted.hcl: MAIN_STACK_SIZE, AT_HOST_LIBRARY, SPI, SPI_NOR.
