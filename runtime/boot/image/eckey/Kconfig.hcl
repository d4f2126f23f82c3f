component "image-keys" {
  if = BOOT_SIGNATURE_TYPE_ECDSA_P256
}
