option "QOS" {
  type   = bool
  prompt = "List of messages that await their acknowledgement"
}

group {
  depends_on = QOS

  option "QOS_PENDING_MESSAGES_MAX" {
    type    = int
    prompt  = "Messages that may be pending"
    default = 10
    range   = [1, 1000]
  }

  option "QOS_MESSAGE_NOTIFIED_COUNT_MAX" {
    type    = int
    prompt  = "Times that a message is handed out before it is given up"
    default = 3
    range   = [1, 255]
  }

  option "QOS_MESSAGE_NOTIFY_TIMEOUT_SECONDS" {
    type    = int
    prompt  = "Period of the timer that hands messages out again"
    default = 16
    range   = [1, 86400]
    unit    = "s"
    help    = "Acts only where the transport gives no acknowledgement."
  }
}
