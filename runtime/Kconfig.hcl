# The option tree. The folders of the application come before those of the libraries: where both give a default, the first one wins.

option "CLOUD_LAB_DEFAULTS" {
  type    = bool
  prompt  = "Let the local lab's values stand in for mandatory options that are unset"
  default = true
  origin  = "cloudgen"
  help    = <<-EOT
    Mandatory options that nobody sets (the host of the cloud, the security tag) take the values of `cloudgen lab`: localhost and
    tag 42. Such a build says so, carries "+lab" in its version and is refused by `cloudgen sign` without -lab. Set this to n for
    anything that leaves the desk: each missing option is then an error.
  EOT
}

source "tracker/Kconfig.hcl" {}
source "tracker/Kconfig.planned.hcl" {}
source "codec/Kconfig.hcl" {}
source "modem/Kconfig.hcl" {}
source "location/Kconfig.hcl" {}
source "cloud/Kconfig.hcl" {}
source "module/Kconfig.hcl" {}
source "diagnostics/Kconfig.hcl" {}
source "log/Kconfig.hcl" {}
source "log/Kconfig.modules.hcl" {}
source "hwid/Kconfig.hcl" {}
source "qos/Kconfig.hcl" {}
source "mqtt/Kconfig.hcl" {}
source "backend/*/Kconfig.hcl" {}
source "gnss/Kconfig.hcl" {}
source "lwm2m/Kconfig.hcl" {}
source "coap/Kconfig.hcl" {}
source "fota/Kconfig.hcl" {}
source "boot/Kconfig.hcl" {}

source "omitted.hcl" {}
