# What the tests of updates need beside overlay-lwm2m.hcl: a bootloader that does not wait long.

BOOT_CONFIRM_TIMEOUT_SECONDS = 3

# A lost datagram is not waited for as on a cellular link.
COAP_INIT_ACK_TIMEOUT_MS = 1000
