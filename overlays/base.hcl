# What every variant starts from: the nRF Connect SDK's prj.conf as far as it concerns the cloud side, without the service.

HW_ID_LIBRARY             = y
HW_ID_LIBRARY_SOURCE_IMEI = y
