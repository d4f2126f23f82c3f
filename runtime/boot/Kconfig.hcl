# The bootloader (reference 2.1). Names are MCUboot's where it has the option: in the SDK they belong to the bootloader's own configuration, so
# they stay out of fragments for an application. What the first stage and its slots need on a microcontroller is left out: see ../omitted.hcl.

menu "Bootloader" {
  option "BOOTLOADER_MCUBOOT" {
    type   = bool
    prompt = "Start the firmware by a bootloader"
    help   = "It picks the slot, verifies the image, runs it, and goes back to the old one when the new one fails. Images are MCUboot's."
  }

  group {
    depends_on = BOOTLOADER_MCUBOOT

    choice "BOOT_SIGNATURE_TYPE" {
      prompt  = "Signature of images"
      default = BOOT_SIGNATURE_TYPE_ED25519
      help    = "Both are as strong. A bootloader that verifies Ed25519 is smaller."

      option "BOOT_SIGNATURE_TYPE_ED25519" {
        type   = bool
        prompt = "Ed25519"
        origin = "MCUboot"
      }

      option "BOOT_SIGNATURE_TYPE_ECDSA_P256" {
        type   = bool
        prompt = "ECDSA on the curve P-256"
        origin = "MCUboot"
      }
    }

    option "BOOT_SIGNATURE_KEY_FILE" {
      type     = string
      prompt   = "File of the public keys that images are verified with"
      required = true
      origin   = "MCUboot"
      help     = <<-EOT
        PEM with one or more blocks PUBLIC KEY, as `cloudgen keygen` writes it to K.pub.pem. The path counts from the folder of the overlay that sets
        it. The keys are compiled into bootloader and firmware: an image runs when one of them has signed it. MCUboot names the private key here;
        that one stays with whoever signs (`cloudgen sign -key K.pem`).
      EOT
      default {
        value = "lab-ed25519.pub.pem"
        if    = CLOUD_LAB_DEFAULTS && BOOT_SIGNATURE_TYPE_ED25519
        mark  = "lab"
      }
      default {
        value = "lab-ecdsa-p256.pub.pem"
        if    = CLOUD_LAB_DEFAULTS && BOOT_SIGNATURE_TYPE_ECDSA_P256
        mark  = "lab"
      }
    }

    option "MCUBOOT_DOWNGRADE_PREVENTION" {
      type   = bool
      prompt = "Refuse images that are older than what runs"
      origin = "MCUboot"
      help   = "Older by major, minor and revision. Images with a security counter are held to it in any case."
    }

    option "BOOT_IMAGE_BOARD" {
      type    = string
      prompt  = "Name of this board"
      pattern = "^[ -~]{1,64}$"
      origin  = "cloudgen"
      help    = "Images that name boards must name this one (`cloudgen sign -board`), and with a name here every image must name boards. Empty: images for named boards are refused."
    }

    option "BOOT_TRIAL_STARTS" {
      type    = int
      prompt  = "Starts that a new image has to be confirmed in"
      default = 3
      range   = [1, 100]
      origin  = "cloudgen"
      help    = "The firmware confirms itself when the cloud module has its connection. After this many starts without that the bootloader goes back to the old image. MCUboot has 1."
    }

    option "BOOT_CONFIRM_TIMEOUT_SECONDS" {
      type    = int
      prompt  = "Time that a start of a new image may take until it is confirmed"
      default = 600
      range   = [0, 604800]
      unit    = "s"
      origin  = "cloudgen"
      help    = "When it is over the bootloader goes back to the old image. 0: any time."
    }

    option "BOOT_STOP_TIMEOUT_SECONDS" {
      type    = int
      prompt  = "Time that the firmware has to end when it is asked to"
      default = 60
      range   = [1, 3600]
      unit    = "s"
      origin  = "cloudgen"
      help    = "Then it is killed. It needs REBOOT_TIMEOUT to end in order."
    }

    constraint "BOOT_STOP_TIMEOUT_SECONDS must be above REBOOT_TIMEOUT: the bootloader would kill the firmware while it ends in order" {
      condition  = BOOT_STOP_TIMEOUT_SECONDS > REBOOT_TIMEOUT
      depends_on = BOOTLOADER_MCUBOOT
      fix        = "raise BOOT_STOP_TIMEOUT_SECONDS to REBOOT_TIMEOUT and some seconds"
    }

    option "BOOT_FACTORY_IMAGE" {
      type    = string
      prompt  = "File of the image that the device was delivered with"
      pattern = "^/"
      origin  = "cloudgen"
      help    = "An absolute path on the device. The image is installed where no slot holds one that may run: at the first start, and when both are damaged. Empty: there is none."
    }
  }
}

source "image/*/Kconfig.hcl" {}
source "loader/Kconfig.hcl" {}
source "notify/Kconfig.hcl" {}
