component "image-keys" {
  if = BOOT_SIGNATURE_TYPE_ED25519
}
