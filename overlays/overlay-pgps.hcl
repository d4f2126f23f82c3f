# Predicted assistance data for the satellite receiver, on top of any cloud.

NRF_CLOUD_PGPS                   = y
NRF_CLOUD_PGPS_REQUEST_UPON_INIT = n
