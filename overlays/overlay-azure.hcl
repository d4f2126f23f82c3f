# Azure IoT Hub, with the device provisioning service. Before anything leaves the desk, add the id scope and the security tag of the device's
# credentials:
#
#   AZURE_IOT_HUB_DPS_ID_SCOPE = "0ne…"
#   MQTT_HELPER_SEC_TAG        = 11

AZURE_IOT_HUB                             = y
AZURE_IOT_HUB_DPS                         = y
AZURE_IOT_HUB_DPS_HOSTNAME                = "global.azure-devices-provisioning.net"
AZURE_IOT_HUB_AUTO_DEVICE_TWIN_REQUEST    = y
AZURE_IOT_HUB_MSG_PROPERTY_RECV_MAX_COUNT = 4
MQTT_HELPER_RX_TX_BUFFER_SIZE             = 2048
MQTT_HELPER_STACK_SIZE                    = 4096
MQTT_KEEPALIVE                            = 1177
