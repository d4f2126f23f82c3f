package image_test

import (
	"testing"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
)

func TestParseVersion(t *testing.T) {
	for text, want := range map[string]image.Version{
		"0":                        {},
		"1":                        {Major: 1},
		"1.2":                      {Major: 1, Minor: 2},
		"1.2.3":                    {Major: 1, Minor: 2, Revision: 3},
		"1.2.3+4":                  {Major: 1, Minor: 2, Revision: 3, Build: 4},
		"255.255.65535+4294967295": {Major: 255, Minor: 255, Revision: 65535, Build: 4294967295},
	} {
		got, err := image.ParseVersion(text)
		if err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
		full, err := image.ParseVersion(got.String())
		if err != nil || full != want {
			t.Errorf("%s: %v, %v", got, full, err)
		}
	}
	for _, text := range []string{"", "v1", "1.", "1.2.", "1.2.3.", "1.2.3.4", "01", "1.02", "1.2+3", "1+3", "1.2.3+", "1.2.3+04", "1.2.3+x", "1.2.3-rc1", "1.2.3+4294967296", "256", "1.256", "1.2.65536", "99999999999999999999", "-1", "1.2.3 "} {
		if got, err := image.ParseVersion(text); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestFirmwareVersion(t *testing.T) {
	for text, want := range map[string]image.Version{
		"1.2.3":                 {Major: 1, Minor: 2, Revision: 3},
		"v1.2.3":                {Major: 1, Minor: 2, Revision: 3},
		"2.0":                   {Major: 2},
		"0.0.0-development+lab": {},
		"1.4.0-rc.2":            {Major: 1, Minor: 4},
		"1.4.0+17.lab":          {Major: 1, Minor: 4, Build: 17},
		"1.4.0+17":              {Major: 1, Minor: 4, Build: 17},
		"1.4.0+g1234":           {Major: 1, Minor: 4},
		"1.4.0-3+5":             {Major: 1, Minor: 4, Build: 5},
	} {
		if got, err := image.FirmwareVersion(text); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "development", "1.2.3.4", "1.2.3beta", "1.300.0", "1.2.3+4294967296", "1.2.3+007"} {
		if got, err := image.FirmwareVersion(text); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// The build number is no part of the order, unless asked for.
func TestCompare(t *testing.T) {
	ordered := []image.Version{{}, {Revision: 65535}, {Minor: 1}, {Minor: 1, Revision: 1}, {Minor: 255}, {Major: 1}, {Major: 255, Minor: 255, Revision: 65535}}
	for i, a := range ordered {
		for j, b := range ordered {
			a.Build, b.Build = uint32(j), uint32(i)
			if got := a.Compare(b); got < 0 != (i < j) || got > 0 != (i > j) {
				t.Errorf("%v with %v: %d", a, b, got)
			}
			if got := a.CompareBuild(b); got < 0 != (i < j) || got > 0 != (i > j) {
				t.Errorf("%v with %v and builds: %d", a, b, got)
			}
		}
	}
	if (image.Version{Build: 1}).CompareBuild(image.Version{Build: 2}) >= 0 {
		t.Error("the build number does not count")
	}
}
