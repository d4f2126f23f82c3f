# Updates by AWS IoT Jobs. What downloads are like is in ../../../fota.

menu "AWS Jobs and FOTA" {
  option "AWS_JOBS" {
    type   = bool
    prompt = "Topics of AWS Jobs"
    effect = "AWS_FOTA alone uses them: without it they are topics of the application"
  }

  group {
    depends_on = AWS_JOBS

    option "CLIENT_ID_MAX_LEN" {
      type    = int
      prompt  = "Longest client id in topics of AWS Jobs"
      default = 64
      range   = [1, 128]
      unit    = "bytes"
    }

    option "UPDATE_JOB_PAYLOAD_LEN" {
      type    = int
      prompt  = "Longest status document"
      default = 1350
      range   = [512, 131072]
      unit    = "bytes"
      help    = "The reason of a failure is cut where it would be longer."
    }
  }

  option "AWS_FOTA" {
    type       = bool
    prompt     = "FOTA by AWS Jobs"
    depends_on = AWS_IOT && FOTA_DOWNLOAD
    select     = [AWS_JOBS]
    default    = AWS_IOT
    help       = "A job's document names the image: location with url, or with protocol, host and path. SUCCEEDED is reported once the new firmware has reached the cloud, FAILED with the reason otherwise."
  }

  group {
    depends_on = AWS_FOTA

    option "AWS_FOTA_PAYLOAD_SIZE" {
      type    = int
      prompt  = "Longest job document"
      default = 1350
      range   = [64, 32768]
      unit    = "bytes"
      help    = "A job with a longer one is REJECTED. A presigned URL alone can have more than 1500 bytes: then raise this, FOTA_DOWNLOAD_RESOURCE_LOCATOR_LENGTH and, as the whole message counts, MQTT_HELPER_PAYLOAD_BUFFER_LEN."
    }

    option "AWS_FOTA_DOWNLOAD_SECURITY_TAG" {
      type   = int
      prompt = "Security tag of the image download"
      range  = [-1, 2147483647]
      default {
        value = 42
        if    = CLOUD_LAB_DEFAULTS
        mark  = "lab"
      }
      default = -1
      help    = "The certificate of the image's host must come from a CA of this tag. -1 is none: then every job by https is REJECTED."
    }

    option "AWS_FOTA_ALLOWED_HOSTS" {
      type     = string
      prompt   = "Hosts that images may come from"
      required = true
      pattern  = "^[A-Za-z0-9.:_*-]+([ ,]+[A-Za-z0-9.:_*-]+)*$"
      origin   = "cloudgen"
      default {
        value = "localhost 127.0.0.1"
        if    = CLOUD_LAB_DEFAULTS
        mark  = "lab"
      }
      default = "*.amazonaws.com *.cloudfront.net"
      help    = "Names with blanks or commas between them; in a name * stands for any characters. A job that points elsewhere is REJECTED, and a redirect elsewhere is not followed. The default is for S3 and CloudFront of anybody; name your own, as BUCKET.s3.REGION.amazonaws.com or ID.cloudfront.net."
    }

    option "AWS_FOTA_ALLOW_HTTP" {
      type   = bool
      prompt = "Images may come by plain http"
      origin = "cloudgen"
      help   = "The image's signature still counts. n: a job by http is REJECTED."
    }

    option "AWS_FOTA_IMAGE_SIZE_MAX" {
      type    = int
      prompt  = "Largest image"
      default = 67108864
      range   = [1, 2147483647]
      unit    = "bytes"
      origin  = "cloudgen"
    }

    option "AWS_FOTA_STEP_TIMEOUT" {
      type    = int
      prompt  = "Time without news after which the service gives the job up"
      default = 0
      range   = [0, 10080]
      unit    = "min"
      origin  = "cloudgen"
      help    = "The device winds the service's timer up while it downloads, and last before it restarts; a device that stays off for longer finds its job TIMED_OUT. 0: the job's own timeout alone counts."
    }

    option "AWS_FOTA_REPORT_BEFORE_REBOOT" {
      type   = bool
      prompt = "Report success before the restart"
      origin = "cloudgen"
      help   = "As the SDK does: SUCCEEDED says that the image was downloaded, and nothing tells of a firmware that comes back to the old one."
    }
  }
}

component "aws-jobs" {
  if = AWS_FOTA
}
