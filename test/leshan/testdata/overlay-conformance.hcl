# What the conformance tests need beside overlay-lwm2m.hcl: the debug console, the objects of the cases, short times.

LWM2M_SHELL              = y
LWM2M_SHELL_MANUAL_START = y

LWM2M_RD_CLIENT_SUPPORT_BOOTSTRAP = y
LWM2M_RW_JSON_SUPPORT             = y

# Objects 3 and 4 have their values before the first samples.
LWM2M_CLIENT_UTILS_DEVICE_OBJ_SUPPORT   = y
LWM2M_CLIENT_UTILS_CONN_MON_OBJ_SUPPORT = y

LWM2M_CONN_STAT_OBJ_SUPPORT              = y
LWM2M_CLIENT_UTILS_CELL_CONN_OBJ_SUPPORT = y
LWM2M_PORTFOLIO_OBJ_SUPPORT              = y
LWM2M_BINARYAPPDATA_OBJ_SUPPORT          = y

# Read-Composite on the root brings all that there is.
LWM2M_RW_SENML_CBOR_RECORDS   = 500
LWM2M_COAP_BLOCK_TRANSFER     = y
LWM2M_COAP_ENCODE_BUFFER_SIZE = 16384

# The cases write lifetimes; this is the shortest that is taken.
LWM2M_ENGINE_DEFAULT_LIFETIME = 15
LWM2M_SECONDS_TO_UPDATE_EARLY = 5
LWM2M_QUEUE_MODE_UPTIME       = 8
COAP_INIT_ACK_TIMEOUT_MS      = 1000
COAP_MAX_RETRANSMIT           = 3
