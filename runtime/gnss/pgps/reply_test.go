package pgps

import (
	"errors"
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/gnss/agnss"
)

func TestParsePlace(t *testing.T) {
	for _, test := range []struct {
		document string
		want     Place
		err      error
	}{
		{`["pgps.nrfcloud.com","public/15286-79200_15293-64800.bin"]`, Place{"pgps.nrfcloud.com", "public/15286-79200_15293-64800.bin"}, nil},
		{` {"path":"/public/a.bin", "host":"h:8443", "more":1}`, Place{"h:8443", "public/a.bin"}, nil},
		{`["h"]`, Place{}, ErrPlace},
		{`["h","p","x"]`, Place{}, ErrPlace},
		{`["h",1]`, Place{}, ErrPlace},
		{`["","p"]`, Place{}, ErrPlace},
		{`["h",""]`, Place{}, ErrPlace},
		{`["h/x?","p"]`, Place{}, ErrPlace},
		{`["user@h","p"]`, Place{}, ErrPlace},
		{"[\"h\",\"p\\r\\nHost: x\"]", Place{}, ErrPlace},
		{`{"host":"h"}`, Place{}, ErrPlace},
		{`{}`, Place{}, ErrPlace},
		{``, Place{}, ErrPlace},
		{`no JSON`, Place{}, ErrPlace},
		{`["h","` + strings.Repeat("x", 1025) + `"]`, Place{}, ErrPlace},
		{`["h","` + strings.Repeat("x", 5000) + `"]`, Place{}, ErrPlace},
	} {
		got, err := ParsePlace([]byte(test.document))
		if !errors.Is(err, test.err) || err == nil && got != test.want {
			t.Errorf("%s: %+v, %v", test.document, got, err)
		}
	}
	_, err := ParsePlace([]byte(`{"appId":"PGPS","messageType":"DATA","err":42200}`))
	if refusal, ok := errors.AsType[*agnss.CloudError](err); !ok || refusal.Code != 42200 {
		t.Error(err)
	}
}

func TestIsFile(t *testing.T) {
	for content, want := range map[string]bool{"": false, "\x01": false, "\x01\x0a": true, `["h","p"]`: false, "\x01\x07": false} {
		if IsFile([]byte(content)) != want {
			t.Errorf("%q: want %v", content, want)
		}
	}
}
