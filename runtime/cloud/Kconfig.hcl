# Each backend adds its option to this choice in its own folder.
choice "CLOUD_SERVICE" {
  prompt   = "Cloud service"
  optional = true
  help     = "The one cloud that the firmware talks to. There is no switch at run time and no fall-over to a second cloud."
}
