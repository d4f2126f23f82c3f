package object_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/binaryapp"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/connmon"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/genericsensor"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/gnssassist"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/humidity"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/portfolio"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/pressure"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/pushbutton"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/temperature"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/tree"
)

// in gives a tree with one object.
func in(t *testing.T, made lwm2m.Object, err error) *tree.Tree {
	t.Helper()
	values := tree.New()
	if err == nil {
		err = values.Add(made)
	}
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func path(t *testing.T, text string) lwm2m.Path {
	t.Helper()
	made, err := lwm2m.ParsePath(text)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// refused compares the status with which something is refused; "" is not at all.
func refused(t *testing.T, what string, err error, status string) {
	t.Helper()
	got := ""
	if refusal, is := errors.AsType[*lwm2m.Error](err); is {
		got = refusal.Status.String()
	} else if err != nil {
		got = err.Error()
	}
	if got != status {
		t.Errorf("%s: %q, want %q", what, got, status)
	}
}

// Servers make and delete instances of portfolios and containers as they like.
func TestCreateAndDelete(t *testing.T) {
	p, err := portfolio.New(portfolio.Config{})
	portfolios := in(t, p, err)
	b, err := binaryapp.New(binaryapp.Config{})
	containers := in(t, b, err)
	for _, c := range []struct {
		values *tree.Tree
		object string
		value  lwm2m.Value
		first  []uint16
	}{
		{portfolios, "/16", lwm2m.String("host"), []uint16{0}},
		{containers, "/19", lwm2m.Opaque([]byte{0, 1, 0xff}), []uint16{0, 1}},
	} {
		object := path(t, c.object)
		if got := c.values.Children(object); !slices.Equal(got, c.first) {
			t.Errorf("%s: at the start there are %v", c.object, got)
		}
		made := object.Child(7)
		instance, _, err := c.values.CreateInstance(1, object, []lwm2m.Item{{Path: made.Child(0).Child(3), Value: c.value}})
		refused(t, "create "+c.object, err, "")
		if instance != made {
			t.Errorf("%v was made, not %v", instance, made)
		}
		if got, _ := c.values.Get(made.Child(0).Child(3)); !got.Equal(c.value) {
			t.Errorf("%v is %v", made, got)
		}
		_, _, err = c.values.CreateInstance(1, object, nil)
		refused(t, "create without the mandatory resource", err, "4.00")
		_, err = c.values.DeleteInstance(1, made)
		refused(t, "delete", err, "")
		for _, id := range c.first {
			_, err = c.values.DeleteInstance(1, object.Child(id))
			refused(t, "delete the first ones", err, "")
		}
		if left := c.values.Children(object); len(left) != 0 {
			t.Errorf("%s: left are %v", c.object, left)
		}
	}
}

func TestPortfolioHasNoAuthenticationData(t *testing.T) {
	p, err := portfolio.New(portfolio.Config{})
	values := in(t, p, err)
	_, err = values.Execute(1, path(t, "/16/0/1"), nil)
	refused(t, "GetAuthData", err, "4.04")
	if ids := values.Children(path(t, "/16/0")); !slices.Equal(ids, []uint16{0}) {
		t.Errorf("there are the resources %v", ids)
	}
	if ids := values.Children(path(t, "/16/0/0")); !slices.Equal(ids, []uint16{0, 1, 2, 3}) {
		t.Errorf("there are the identities %v", ids)
	}
}

func TestBinaryAppDataIsBounded(t *testing.T) {
	b, err := binaryapp.New(binaryapp.Config{})
	values := in(t, b, err)
	for _, c := range []struct {
		path   string
		value  lwm2m.Value
		status string
	}{
		{"/19/0/3", lwm2m.String("description of 32 bytes, as many"), ""},
		{"/19/0/3", lwm2m.String("description of more than 32 bytes"), "4.00"},
		{"/19/0/5", lwm2m.Integer(65535), ""},
		{"/19/0/5", lwm2m.Integer(65536), "4.00"},
		{"/19/0/1", lwm2m.Integer(2), ""},
		{"/19/0/1", lwm2m.Integer(-1), "4.00"},
		{"/19/0/2", lwm2m.Seconds(-1), ""},
	} {
		_, err := values.Write(1, path(t, c.path), tree.Replace, []lwm2m.Item{{Path: path(t, c.path), Value: c.value}})
		refused(t, c.path, err, c.status)
	}
}

func TestAssistanceDataIsBounded(t *testing.T) {
	for size, status := range map[int]string{0: "", 16: "", 17: "4.13"} {
		o, err := gnssassist.New(gnssassist.Config{BufferSize: 16})
		values := in(t, o, err)
		at := path(t, "/33625/0/6")
		_, err = values.Write(1, at, tree.Replace, []lwm2m.Item{{Path: at, Value: lwm2m.Opaque(make([]byte, size))}})
		refused(t, "write", err, status)
		at = path(t, "/33625/0/7")
		_, err = values.Write(1, at, tree.Replace, []lwm2m.Item{{Path: at, Value: lwm2m.Integer(-1)}})
		refused(t, "result code", err, "")
	}
}

func TestPushButton(t *testing.T) {
	for version, timestamp := range map[pushbutton.Version]bool{pushbutton.Version10: false, pushbutton.Version11: true} {
		o, err := pushbutton.New(pushbutton.Config{Version: version, Instances: 2})
		values := in(t, o, err)
		if ids := values.Children(path(t, "/3347")); !slices.Equal(ids, []uint16{0, 1}) {
			t.Errorf("there are the buttons %v", ids)
		}
		if name, _ := values.Get(path(t, "/3347/1/5750")); name.Text() != "Push button 2" {
			t.Errorf("the second button is %v", name)
		}
		pressed, known := values.Get(path(t, "/3347/0/5500"))
		if count, _ := values.Get(path(t, "/3347/0/5501")); !known || pressed.Bool() || count.Int() != 0 {
			t.Errorf("a button is pressed (%v) or was (%v)", pressed, count)
		}
		if err := values.Set(lwm2m.Item{Path: path(t, "/3347/0/5518"), Value: lwm2m.Seconds(1)}); (err == nil) != timestamp {
			t.Errorf("%s: timestamp: %v", version, err)
		}
	}
}

// The versions of the options alone are taken: a configuration that is not set does not pass for one.
func TestUnknownVersions(t *testing.T) {
	for name, err := range map[string]error{
		"connmon":       second(connmon.New(connmon.Config{Version: "LWM2M_CONNMON_OBJECT_VERSION_1_1"})),
		"genericsensor": second(genericsensor.New(genericsensor.Config{})),
		"temperature":   second(temperature.New(temperature.Config{Version: "1.0"})),
		"humidity":      second(humidity.New(humidity.Config{})),
		"pressure":      second(pressure.New(pressure.Config{})),
		"pushbutton":    second(pushbutton.New(pushbutton.Config{Instances: 1})),
	} {
		if err == nil {
			t.Errorf("%s takes any version", name)
		}
	}
}

func second[T any](_ T, err error) error { return err }
