# Push buttons (object 3347).

component "lwm2m-object" {
  if = LWM2M_IPSO_PUSH_BUTTON
}

group {
  depends_on = LWM2M_IPSO_SUPPORT

  option "LWM2M_IPSO_PUSH_BUTTON" {
    type   = bool
    prompt = "Push button (object 3347)"
  }

  group {
    depends_on = LWM2M_IPSO_PUSH_BUTTON

    choice "LWM2M_IPSO_PUSH_BUTTON_VERSION" {
      prompt  = "Version of object 3347"
      default = LWM2M_IPSO_PUSH_BUTTON_VERSION_1_0

      option "LWM2M_IPSO_PUSH_BUTTON_VERSION_1_0" {
        type   = bool
        prompt = "1.0"
      }

      option "LWM2M_IPSO_PUSH_BUTTON_VERSION_1_1" {
        type   = bool
        prompt = "1.1"
      }
    }

    option "LWM2M_IPSO_PUSH_BUTTON_INSTANCE_COUNT" {
      type    = int
      prompt  = "Buttons"
      default = 1
      range   = [1, 100]
    }
  }
}
