# Options of the nRF Connect SDK that the tree leaves out, with the reason. `cloudgen import` and diagnostics know them by these names; a * stands
# for any run of characters. The first block that names an option counts, and an option that is in the tree before all of them.

omitted "a goroutine's stack grows by itself" {
  names = ["*_STACK_SIZE", "HW_STACK_PROTECTION", "NRF_CLOUD_CONNECTION_POLL_THREAD"]
}

omitted "a Go program's memory is not divided at build time" {
  names = [
    "HEAP_MEM_POOL_SIZE", "*_HEAP_SIZE", "LOG_BUFFER_SIZE", "MODEM_INFO_BUFFER_SIZE",
    "AZURE_IOT_HUB_USER_NAME_BUF_SIZE", "AZURE_IOT_HUB_TOPIC_MAX_LEN", "AZURE_IOT_HUB_MSG_PROPERTY_BUFFER_SIZE",
    "AZURE_IOT_HUB_DPS_TOPIC_BUFFER_SIZE", "AZURE_IOT_HUB_DPS_USER_NAME_BUFFER_SIZE", "AZURE_IOT_HUB_DPS_OPERATION_ID_BUFFER_SIZE",
    "NRF_CLOUD_MQTT_MESSAGE_BUFFER_LEN", "LOCATION_SERVICE_CLOUD_RECV_BUF_SIZE",
    "LWM2M_ENGINE_MESSAGE_HEADER_SIZE", "LWM2M_ENGINE_VALIDATION_BUFFER_SIZE",
    "DOWNLOADER_TRANSPORT_PARAMS_SIZE", "FOTA_DOWNLOAD_BUF_SZ", "NRF_MODEM_LIB_SHMEM_*",
  ]
}

omitted "files take the place of flash memory" {
  names = [
    "FLASH", "FLASH_*", "STREAM_FLASH", "STREAM_FLASH_*", "SPI", "SPI_*", "MPU_ALLOW_FLASH_WRITE", "PM_*", "FCB", "NVS", "POSIX_FILE_SYSTEM",
    "DFU_TARGET_STREAM", "DFU_TARGET_FULL_MODEM_EXT_FLASH_SIZE", "DFU_TARGET_FULL_MODEM_USE_EXT_PARTITION", "FOTA_DOWNLOAD_MCUBOOT_FLASH_BUF_SZ",
    "FOTA_DOWNLOAD_FULL_MODEM_BUF_SZ", "NRF_CLOUD_FOTA_FULL_MODEM_UPDATE_BUF_SIZE", "NRF_CLOUD_PGPS_PARTITION_ALIGN",
  ]
}

omitted "state is always kept, below the data folder and under names of ours" {
  names = ["SETTINGS", "SETTINGS_*", "FOTA_SETTINGS_NAME", "FOTA_SETTINGS_KEY_PENDING_JOB"]
}

omitted "the firmware and its bootloader always know their slots; there is no first stage whose follower could be replaced" {
  names = [
    "IMG_MANAGER", "MCUBOOT_IMG_MANAGER", "IMG_ERASE_PROGRESSIVELY", "SECURE_BOOT", "SECURE_BOOT_APPCORE", "BUILD_S1_VARIANT", "FW_INFO",
    "DFU_MULTI_IMAGE", "NRF_CLOUD_FOTA_TYPE_BOOT_SUPPORTED", "BOOTLOADER",
  ]
}

omitted "images of other processors and devices are not the firmware's to install" {
  names = [
    "DFU_TARGET_SMP", "DFU_TARGET_SMP_*", "NRF_CLOUD_FOTA_SMP", "NRF_CLOUD_FOTA_TYPE_SMP_SUPPORTED", "NRF_MCUMGR_SMP_CLIENT",
    "NRF_CLOUD_FOTA_BLE_DEVICES",
  ]
}

omitted "the LwM2M engine hands images on by itself" {
  names = ["FOTA_DOWNLOAD_EXTERNAL_DL"]
}

omitted "libraries come with what uses them" {
  names = [
    "CJSON_LIB", "JSON_LIBRARY", "BASE64", "ZCBOR", "ZCBOR_*", "HTTP_PARSER_URL", "AZURE_SDK", "REST_CLIENT", "COAP_CLIENT", "RING_BUFFER",
    "SYS_HASH_FUNC32", "PICOLIBC", "FPU", "FP_HARDABI", "EVENTFD", "EVENTFD_MAX", "ZVFS_*", "POSIX_API", "POSIX_CLOCK", "REBOOT", "ASSERT", "HWINFO",
    "AT_MONITOR", "AT_PARSER", "CLOUD_SERVICE_MUTUAL_EXCLUSIVE", "LWM2M_INTEGRATION_CHOICE", "*_MQTT_CHOICE", "AWS_IOT_CHOICE",
    "AZURE_IOT_HUB_CHOICE",
  ]
}

omitted "the network is the operating system's" {
  names = ["NETWORKING", "NET_*", "DNS_*", "WIFI_*", "BT", "BT_*"]
}

omitted "TLS and its algorithms are Go's" {
  names = ["MBEDTLS*", "OBERON_BACKEND", "NORDIC_SECURITY_BACKEND", "NRF_SECURITY", "PSA_*", "TINYCRYPT*", "TFM_*"]
}

omitted "credentials are files below the credentials folder, never part of the binary" {
  names = [
    "MODEM_KEY_MGMT", "MODEM_KEY_MGMT_*", "TLS_CREDENTIALS", "NRF_CLOUD_PROVISION_*", "NRF_CLOUD_CERTIFICATES_FILE", "NRF_CLOUD_CHECK_CREDENTIALS",
    "NRF_CLOUD_CREDENTIALS_MGMT", "NRF_CLOUD_CREDENTIALS_MGMT_*", "NRF_CLOUD_AWS_CA_CERT_SIZE_THRESHOLD",
    "NRF_CLOUD_COAP_CA_CERT_SIZE_THRESHOLD",
  ]
}

omitted "no modem of Nordic's is part of the device; what it does is the modem adapter's" {
  names = [
    "NRF_MODEM", "NRF_MODEM_*", "AT_HOST_LIBRARY", "AT_*", "MODEM_JWT", "SMS", "PDN_ESM_STRERROR", "LWM2M_CARRIER", "LWM2M_CARRIER_*",
    "HW_ID_LIBRARY_SOURCE_UUID", "NRF_CLOUD_CLIENT_ID_SRC_INTERNAL_UUID",
  ]
}

omitted "there is no Bluetooth stack of Zephyr's" {
  names = ["HW_ID_LIBRARY_SOURCE_BLE_MAC"]
}

omitted "nothing of the cloud module uses this way to nRF Cloud: it speaks MQTT" {
  names = [
    "NRF_CLOUD", "NRF_CLOUD_REST", "NRF_CLOUD_REST_*", "NRF_CLOUD_COAP", "NRF_CLOUD_COAP_*", "NRF_CLOUD_FOTA_POLL", "NRF_CLOUD_FOTA_POLL_*",
    "FOTA_DL_TIMEOUT_MIN", "REST_FOTA_DL_TIMEOUT_MIN", "NRF_CLOUD_JWT_*",
  ]
}

omitted "location requests always go over the cloud connection that stands" {
  names = ["LOCATION_SERVICE_NRF_CLOUD", "LOCATION_SERVICE_NRF_CLOUD_*", "LOCATION_SERVICE_HERE", "LOCATION_SERVICE_HERE_*"]
}

omitted "the log is text or JSON; Zephyr's dictionary of messages is not made" {
  names = ["NRF_CLOUD_LOG_DICTIONARY_LOGGING_ENABLED", "NRF_CLOUD_ENABLE_SVC_INF_UI_BIN_LOGS"]
}

omitted "the log is written at once, on standard error, by the flags -log and -log-level" {
  names = ["LOG_MODE_*", "LOG_PRINTK", "LOG_BACKEND_*", "APP_EVENT_MANAGER", "APP_EVENT_MANAGER_*", "CAF", "CAF_*"]
}

omitted "a version is an option of its own: generating reads nothing but its input" {
  names = ["AZURE_FOTA_APP_VERSION_AUTO"]
}

omitted "the LwM2M engine waits for events and never polls" {
  names = ["LWM2M_TICKLESS", "LWM2M_INTERVAL"]
}

omitted "the modules of the application share no base class here" {
  names = ["MODULES_COMMON", "MODULES_COMMON_*"]
}

omitted "buttons and lights belong to the application" {
  names = ["UI_MODULE", "UI_MODULE_*", "LED_CONTROL", "LED_CONTROL_*", "LED_STATE_DEF_PATH", "DK_LIBRARY"]
}

omitted "boards and their parts have no part in a Go program" {
  names = [
    "BOARD_*", "SOC_*", "SERIAL", "UART_*", "SHELL", "SHELL_*", "DOWNLOAD_CLIENT_SHELL", "DOWNLOADER_SHELL", "SIZE_OPTIMIZATIONS", "NATIVE_LIBRARY",
    "ASSET_TRACKER_V2_LTO", "WATCHDOG", "NRF_PROFILER", "NRF_PROFILER_*", "EXTERNAL_SENSORS_*", "EXPERIMENTAL", "DEBUG_OPTIMIZATIONS",
  ]
}

omitted "Memfault's own library is not part of the firmware: diagnostics are handed to the cloud module" {
  names = ["MEMFAULT_*"]
}

omitted "this is a later name; the tree has those of the SDK's release 2.9 (DOWNLOAD_CLIENT…)" {
  names = ["DOWNLOADER", "DOWNLOADER_*"]
}
