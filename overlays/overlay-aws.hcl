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

# Otherwise than in the SDK, whose numbers are those of a modem's buffers: a job with a presigned URL of S3 and its session token is larger.
AWS_FOTA_PAYLOAD_SIZE                 = 4096
MQTT_HELPER_PAYLOAD_BUFFER_LEN        = 8192
FOTA_DOWNLOAD_RESOURCE_LOCATOR_LENGTH = 2048
FOTA_DOWNLOAD_FILE_NAME_LENGTH        = 1024
DOWNLOAD_CLIENT_MAX_FILENAME_SIZE     = 1024
