package jobs

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/cloudgen/cloudgen/runtime/fota/http"
)

// document is what a job's document says, in one of the two forms that the SDK takes (aws_fota):
//
//	{"operation":"app_fw_update","fwversion":"2.1.0","size":204800,"location":{"protocol":"https","host":"fw.example.net","path":"app/2.1.0.bin"}}
//	{"operation":"app_fw_update","fwversion":"2.1.0","size":204800,"location":{"url":"https://fw.example.net/app/2.1.0.bin"}}
type document struct {
	url     string
	version string // "": not told
}

// limits are what a document is checked against.
type limits struct {
	document int   // bytes
	image    int64 // bytes
	hosts    http.Hosts
	http     bool // plain http is allowed
	tag      int  // security tag for https; below 0: none
}

// maxVersion is the bytes of a version that are kept.
const maxVersion = 64

// read checks a document. The error is a reason for the cloud: it says what is wrong, and no part of a query, which may be a secret. Like the SDK, it takes no
// notice of operation; the type of the image is told by its first bytes.
func (l limits) read(from string) (d document, err error) {
	var raw struct {
		Version  json.RawMessage `json:"fwversion"`
		Size     json.RawMessage `json:"size"`
		Location json.RawMessage `json:"location"`
	}
	var location struct {
		URL      string `json:"url"`
		Protocol string `json:"protocol"`
		Host     string `json:"host"`
		Path     string `json:"path"`
	}
	text := bytes.TrimSpace([]byte(from))
	switch {
	case len(text) > l.document:
		return d, errorf("the job document has %d bytes: AWS_FOTA_PAYLOAD_SIZE allows %d", len(text), l.document)
	case !bytes.HasPrefix(text, []byte("{")) || json.Unmarshal(text, &raw) != nil:
		return d, errorf("the job document is no JSON object")
	case !bytes.HasPrefix(raw.Location, []byte("{")):
		return d, errorf("the job document has no location: an object with url, or with protocol, host and path, is needed")
	case json.Unmarshal(raw.Location, &location) != nil:
		return d, errorf("location in the job document is not as it should be: url, protocol, host and path are texts")
	}
	if err := l.checkSize(raw.Size); err != nil {
		return d, err
	}
	d.version = versionOf(raw.Version)
	if d.url = location.URL; d.url == "" {
		d.url = joined(location.Protocol, location.Host, location.Path)
	}
	return d, l.checkURL(d.url)
}

// joined makes the URL of the form with three parts. A host may come with a scheme, which wins.
func joined(protocol, host, path string) string {
	if !strings.Contains(host, "://") {
		host = protocol + "://" + host
	}
	return strings.TrimSuffix(host, "/") + "/" + strings.TrimPrefix(path, "/")
}

// checkSize takes the size for the bound alone, as the SDK does not look at it: documents in use may have any.
func (l limits) checkSize(raw json.RawMessage) error {
	if len(raw) == 0 {
		return nil
	}
	var size int64
	if json.Unmarshal(raw, &size) != nil || size < 0 {
		return errorf("size in the job document is %.40q: a number of bytes is needed, or nothing", raw)
	}
	if size > l.image {
		return errorf("the job document says that the image has %d bytes: AWS_FOTA_IMAGE_SIZE_MAX allows %d", size, l.image)
	}
	return nil
}

// checkURL checks where an image is to come from.
func (l limits) checkURL(text string) error {
	u, err := url.Parse(text)
	withoutQuery, _, _ := strings.Cut(text, "?")
	switch {
	case err != nil || u.Scheme == "" || u.Opaque != "" || u.Hostname() == "" || u.Path == "" || u.Path == "/":
		return errorf("the image's location cannot be used: it must be like https://host/path")
	case u.Scheme != "https" && u.Scheme != "http":
		return errorf("the image is to come by %.20q: only https is possible", u.Scheme)
	case u.Scheme == "http" && !l.http:
		return errorf("the image is to come by http, which is not protected: use https, or set AWS_FOTA_ALLOW_HTTP in the firmware")
	case u.User != nil:
		return errorf("the image's location contains a user name: take it out")
	case strings.Contains(withoutQuery, " "):
		return errorf("the image's path contains a blank: one path is possible, and a blank in it is written %%20")
	case !l.hosts.Allows(u.Hostname()):
		return errorf("the image is to come from %.80q, which is not in AWS_FOTA_ALLOWED_HOSTS of the firmware", u.Hostname())
	case u.Scheme == "https" && l.tag < 0:
		return errorf("the image is to come by https, and AWS_FOTA_DOWNLOAD_SECURITY_TAG of the firmware is %d: it must name the tag with the CA", l.tag)
	}
	return nil
}

// versionOf gives a version of any type as a text; "" where there is none to speak of.
func versionOf(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		if len(raw) == 0 || !(raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9') {
			return ""
		}
		text = string(raw) // a number
	}
	return detail(cut(text, maxVersion))
}

// isVersion tells whether what runs is what a job announces; a v before the number says nothing, nor do marks of the build (+lab) that are not announced.
func isVersion(announced, running string) bool {
	if !strings.Contains(announced, "+") {
		running, _, _ = strings.Cut(running, "+")
	}
	return announced != "" && strings.TrimPrefix(announced, "v") == strings.TrimPrefix(running, "v")
}
