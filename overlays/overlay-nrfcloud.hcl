# nRF Cloud over MQTT, as the SDK's prj.conf chooses it. The device's credentials are those of the security tag NRF_CLOUD_SEC_TAG.

NRF_CLOUD_MQTT = y
