# AWS IoT Core. Before anything leaves the desk, add the account's endpoint and the security tag of the device's credentials:
#
#   AWS_IOT_BROKER_HOST_NAME = "PREFIX-ats.iot.REGION.amazonaws.com"
#   MQTT_HELPER_SEC_TAG      = 42

AWS_IOT                              = y
AWS_IOT_TOPIC_UPDATE_DELTA_SUBSCRIBE = y
AWS_IOT_TOPIC_GET_REJECTED_SUBSCRIBE = y
AWS_IOT_AUTO_DEVICE_SHADOW_REQUEST   = y
MQTT_HELPER_RX_TX_BUFFER_SIZE        = 2048
MQTT_KEEPALIVE                       = 1200
