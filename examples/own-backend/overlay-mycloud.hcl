# A device of My cloud.

MY_CLOUD           = y
MY_CLOUD_HOST_NAME = "cloud.example.com"

# Its protocol brings no updates.
BOOTLOADER_MCUBOOT = n
