# The cloud service MY_CLOUD and its options.

choice "CLOUD_SERVICE" {
  option "MY_CLOUD" {
    type   = bool
    prompt = "My cloud: lines of text over TCP"
    origin = "mycloud"
  }
}

menu "My cloud" {
  depends_on = MY_CLOUD

  option "MY_CLOUD_HOST_NAME" {
    type     = string
    prompt   = "Host name of the server"
    required = true
    pattern  = "^[A-Za-z0-9.-]+$"
    origin   = "mycloud"
  }

  option "MY_CLOUD_PORT" {
    type    = int
    prompt  = "TCP port of the server"
    default = 7007
    range   = [1, 65535]
    origin  = "mycloud"
  }

  option "MY_CLOUD_CONNECT_TIMEOUT" {
    type    = int
    prompt  = "Time that making a connection may take"
    default = 10
    range   = [1, 3600]
    unit    = "s"
    origin  = "mycloud"
  }
}

component "backend" {
  if         = MY_CLOUD
  implements = ["Reporter"]
}
