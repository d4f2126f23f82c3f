// Package wifiap is object 33627: Wi-Fi access points that the device hears.
package wifiap

import "github.com/cloudgen/cloudgen/runtime/lwm2m"

// Config is what the options say.
type Config struct {
	Instances int `kconfig:"LWM2M_CLIENT_UTILS_VISIBLE_WIFI_AP_INSTANCE_COUNT"`
}

// Object is object 33627.
type Object = lwm2m.Values

// New makes the object. Its instances stay; one without values stands for no access point.
func New(config Config) (*Object, error) {
	return &Object{Of: &definition, Instances: config.Instances}, nil
}
