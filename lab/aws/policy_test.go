package aws

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/lab/aws/registry"
	"github.com/cloudgen/cloudgen/lab/aws/shadow"
	"github.com/cloudgen/cloudgen/lab/broker"
	"github.com/cloudgen/cloudgen/lab/pki"
)

func TestClassify(t *testing.T) {
	p := newPatterns()
	long := strings.Repeat("x", 128)
	tests := map[string]kind{
		"a":                                   application,
		"":                                    application,
		"aws/things/t/shadow/get":             application,
		"$aws/things/t/shadow/get":            shadowCall,
		"$aws/things/t/shadow/update":         shadowCall,
		"$aws/things/t:_-9/shadow/delete":     shadowCall,
		"$aws/things/t/shadow/name/n/update":  shadowCall,
		"$aws/things/" + long + "/shadow/get": shadowCall,
		"$aws/things/t/shadow/name/" + long[:64] + "/get": shadowCall,
		"$aws/things/t/shadow/get/accepted":               answer,
		"$aws/things/t/shadow/update/documents":           answer,
		"$aws/things/t/shadow/name/n/delete/rejected":     answer,
		"$aws/things/t/shadow/get/accepted/desired/cfg":   answer,
		"$aws/things/t/jobs/get":                          jobsCall,
		"$aws/things/t/jobs/start-next":                   jobsCall,
		"$aws/things/t/jobs/$next/get":                    jobsCall,
		"$aws/things/t/jobs/j-1/update":                   jobsCall,
		"$aws/things/t/jobs/notify-next":                  answer,
		"$aws/things/t/jobs/j/update/rejected":            answer,
		"$aws/certificates/create/json":                   provisioning,
		"$aws/provisioning-templates/t/provision/cbor":    provisioning,
		"$aws/certificates/create-from-csr/json/accepted": answer,
		"$aws/rules/r/any/thing":                          basicIngest,
		"$aws/events/presence/connected/x":                answer,

		"$aws":                                              undefined,
		"$aws/rules/r":                                      undefined,
		"$SYS/broker/version":                               undefined,
		"$anything":                                         undefined,
		"$aws/things/t/shadow":                              undefined,
		"$aws/things/t/shadow/put":                          undefined,
		"$aws/things/t/shadow/get/":                         undefined,
		"$aws/things//shadow/get":                           undefined,
		"$aws/things/ä/shadow/get":                          undefined,
		"$aws/things/t/shadow/name//get":                    undefined,
		"$aws/things/t/shadow/update/delta/x":               undefined,
		"$aws/things/" + long + "x/shadow/get":              undefined,
		"$aws/things/t/shadow/name/" + long[:65] + "/get":   undefined,
		"$aws/things/t/jobs/$other/get":                     undefined,
		"$aws/things/t/jobs/" + long[:65] + "/get":          undefined,
		"$aws/things/t/shadow/name/n/get/accepted/desired/": undefined,
	}
	for topic, want := range tests {
		if got, _ := p.classify(topic); got != want {
			t.Errorf("%s: kind %d, want %d", topic, got, want)
		}
	}
	for topic, want := range map[string]call{
		"$aws/things/t/shadow/get":           {name: shadow.Name{Thing: "t"}, operation: "get", prefix: "$aws/things/t/shadow/"},
		"$aws/things/t/shadow/name/n/update": {name: shadow.Name{Thing: "t", Shadow: "n"}, operation: "update", prefix: "$aws/things/t/shadow/name/n/"},
	} {
		if _, got := p.classify(topic); got != want {
			t.Errorf("%s: %+v, want %+v", topic, got, want)
		}
	}
}

// A request to the shadow service is its prefix and its operation, whatever a client writes.
func FuzzClassify(f *testing.F) {
	f.Add("$aws/things/t/shadow/name/n/update")
	f.Add("$aws/things/t/jobs/$next/get")
	f.Add("$aws/things/t\n/shadow/get")
	p := newPatterns()
	f.Fuzz(func(t *testing.T, topic string) {
		kind, call := p.classify(topic)
		if (kind == application) == strings.HasPrefix(topic, "$") {
			t.Errorf("%q is kind %d", topic, kind)
		}
		if kind == shadowCall && (call.prefix+call.operation != topic || call.name.Thing == "" || !strings.Contains(topic, "/"+call.name.Thing+"/")) {
			t.Errorf("%q is %+v", topic, call)
		}
	})
}

func TestMatches(t *testing.T) {
	tests := []struct {
		filter, topic string
		want          bool
	}{
		{"a/#", "a", false}, {"a/#", "a/b", true}, {"a/#", "a/b/c", true}, {"+/#", "a", false}, {"+/#", "a/b", true}, {"#", "a", true}, {"a", "a", true}, {"a/+", "a/b", true},
		{"$aws/things/t/jobs/$next/get/#", "$aws/things/t/jobs/$next/get", false}, {"$aws/things/t/jobs/$next/get/#", "$aws/things/t/jobs/$next/get/accepted", true},
	}
	for _, test := range tests {
		if got := (&policy{}).Matches(test.filter, test.topic); got != test.want {
			t.Errorf("%s and %s: %v", test.filter, test.topic, got)
		}
	}
}

// testPolicy is a policy with a device that may do anything, at a time that stands still unless step moves it.
func testPolicy(t *testing.T) (p *policy, device *x509.Certificate, step func(time.Duration)) {
	t.Helper()
	authority, err := pki.Open(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if device, err = authority.Issue(key.Public(), "device", time.Now()); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	account := DefaultAccount()
	i := &identity{
		account: account, registry: registry.New(account), known: map[string]registry.Identity{}, expired: map[string]bool{},
		changed: func() {}, notice: func(string, string, string) {}, events: func([]registry.Event) {},
	}
	allowed := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]}`
	if err := i.adopt(&FirstDevice{Certificate: device, Policy: allowed}, now); err != nil {
		t.Fatal(err)
	}
	return &policy{
		patterns: newPatterns(), rules: newRules(), account: account, identity: i, clock: NewClock(func() time.Time { return now }),
		keepAlive: minimumKeepAlive, limits: Limits{}.orDefault(), connects: windows{}, notify: func(string, *broker.Refusal) {},
	}, device, func(d time.Duration) { now = now.Add(d) }
}

func TestKeepAlive(t *testing.T) {
	p, device, step := testPolicy(t)
	for asked, want := range map[uint16]uint16{0: 1200, 1: 30, 29: 30, 30: 30, 1177: 1177, 1200: 1200, 1201: 1200, 65535: 1200} {
		connect := broker.Connect{KeepAlive: asked}
		step(time.Second)
		if r := p.Connect(broker.Client{ID: "x", Certificate: device}, &connect); r != nil || connect.KeepAlive != want {
			t.Errorf("keep-alive %d: %d, %v; want %d", asked, connect.KeepAlive, r, want)
		}
	}
}

// Every rule: just within it and just outside.
func TestRules(t *testing.T) {
	p, device, step := testPolicy(t)
	connect := func(c broker.Connect, id string) func() *broker.Refusal {
		return func() *broker.Refusal {
			step(time.Second)
			c.WillTopic = cmp.Or(c.WillTopic, "will")
			return p.Connect(broker.Client{ID: id, Version: 4, Certificate: device}, &c)
		}
	}
	connected := func(version byte) broker.Client {
		step(time.Second)
		var c broker.Connect
		if r := p.Connect(broker.Client{ID: "x", Version: version, Certificate: device}, &c); r != nil {
			t.Fatal(r)
		}
		return broker.Client{ID: "x", Version: version, Certificate: device, Principal: c.Principal, Local: c.Local}
	}
	publish := func(version byte, m broker.Publish) func() *broker.Refusal {
		return func() *broker.Refusal { return p.Publish(connected(version), m) }
	}
	subscribe := func(version byte, held int, filters ...broker.Filter) func() *broker.Refusal {
		return func() *broker.Refusal {
			whole, each := p.Subscribe(connected(version), broker.Subscribe{Filters: filters, Held: held})
			for _, r := range each {
				if whole == nil {
					whole = r
				}
			}
			return whole
		}
	}
	filters := func(n int) []broker.Filter {
		f := make([]broker.Filter, n)
		for i := range f {
			f[i].Topic = "a"
		}
		return f
	}
	on := func(topic string) broker.Publish { return broker.Publish{Topic: topic} }
	to := func(filter string) broker.Filter { return broker.Filter{Topic: filter} }
	x := func(n int) string { return strings.Repeat("x", n) }
	const seven, eight = "1/2/3/4/5/6/7/8", "1/2/3/4/5/6/7/8/9"
	tests := []struct {
		name   string
		ask    func() *broker.Refusal
		rule   string // "": accepted
		effect broker.Effect
		code   byte
	}{
		{"SNI", func() *broker.Refusal { return p.Hello(broker.Hello{ServerName: "localhost"}) }, "", 0, 0},
		{"no SNI", func() *broker.Refusal { return p.Hello(broker.Hello{}) }, "tls/sni", broker.Close, 0},
		{"client id of 128 bytes", connect(broker.Connect{}, x(128)), "", 0, 0},
		{"client id of 129 bytes", connect(broker.Connect{}, x(129)), "connect/client-id", broker.Close, 0x85},
		{"will with QoS 1", connect(broker.Connect{Will: true, WillQoS: 1}, "x"), "", 0, 0},
		{"will with QoS 2", connect(broker.Connect{Will: true, WillQoS: 2}, "x"), "connect/will-qos", broker.Close, 0x9b},
		{"will on a long topic", connect(broker.Connect{Will: true, WillTopic: x(257)}, "x"), "connect/will-topic", broker.Close, 0x90},
		{"QoS 1", publish(4, broker.Publish{Topic: "a", QoS: 1, Retain: true}), "", 0, 0},
		{"QoS 2", publish(4, broker.Publish{Topic: "a", QoS: 2}), "publish/qos-2", broker.Ignore, 0x9b},
		{"QoS 2, MQTT 5", publish(5, broker.Publish{Topic: "a", QoS: 2}), "publish/qos-2", broker.Close, 0x9b},
		{"payload of 128 KB", publish(4, broker.Publish{Topic: "a", Payload: make([]byte, 128<<10)}), "", 0, 0},
		{"payload above 128 KB", publish(4, broker.Publish{Topic: "a", Payload: make([]byte, 128<<10+1)}), "publish/payload", broker.Close, 0x95},
		{"topic of 256 bytes", publish(4, on(x(256))), "", 0, 0},
		{"topic of 257 bytes", publish(4, on(x(257))), "publish/topic-length", broker.Close, 0x90},
		{"seven slashes", publish(4, on(seven)), "", 0, 0},
		{"eight slashes", publish(4, on(eight)), "publish/topic-depth", broker.Close, 0x90},
		{"eight slashes to a rule", publish(4, on("$aws/rules/r/"+eight)), "publish/topic-depth", broker.Close, 0x90},
		{"seven slashes to a rule", publish(4, on("$aws/rules/r/"+seven)), "", 0, 0},
		{"undefined topic", publish(4, on("$SYS/x")), "publish/reserved", broker.Close, 0x90},
		{"topic of an answer", publish(4, on("$aws/things/t/shadow/update/accepted")), "publish/reserved-answer", broker.Close, 0x87},
		{"retained on a reserved topic", publish(4, broker.Publish{Topic: "$aws/things/t/shadow/update", Retain: true}), "publish/reserved-retain", broker.Close, 0x9a},
		{"shadow update", publish(4, on("$aws/things/t/shadow/update")), "", 0, 0},
		{"eight filters, fifty held", subscribe(4, 50, filters(8)...), "", 0, 0},
		{"nine filters", subscribe(4, 9, filters(9)...), "subscribe/filters", broker.Close, 0x97},
		{"fifty-first subscription", subscribe(4, 51, to("a")), "subscribe/subscriptions", broker.Close, 0x97},
		{"QoS 2 in one filter", subscribe(4, 2, to("a"), broker.Filter{Topic: "b", QoS: 2}), "subscribe/qos-2", broker.Ignore, 0x9b},
		{"QoS 2 in a filter, MQTT 5", subscribe(5, 1, broker.Filter{Topic: "b", QoS: 2}), "", 0, 0},
		{"reserved filters", subscribe(4, 5, to("$aws/things/t/shadow/#"), to("$aws/events/#"), to("$aws/#"), to("$aws/+/t/jobs/notify"), to("$aws/certificates/create/json/+")), "", 0, 0},
		{"undefined filter", subscribe(4, 1, to("$SYS/#")), "subscribe/reserved", broker.Close, 0x8f},
		{"undefined part of $aws", subscribe(4, 1, to("$aws/rules/x")), "subscribe/reserved", broker.Close, 0x8f},
		{"shared filter", subscribe(4, 1, to("$share/g/a/b")), "", 0, 0},
		{"shared filter, undefined", subscribe(4, 1, to("$share/g/$SYS/#")), "subscribe/reserved", broker.Close, 0x8f},
		{"share without a filter", subscribe(4, 1, to("$share/g")), "subscribe/reserved", broker.Close, 0x8f},
		{"filter of 256 bytes", subscribe(4, 1, to(x(256))), "", 0, 0},
		{"filter of 257 bytes", subscribe(4, 1, to(x(257))), "subscribe/filter-length", broker.Close, 0x8f},
		{"filter with seven slashes", subscribe(4, 1, to(seven), to("$share/g/"+seven)), "", 0, 0},
		{"filter with eight slashes", subscribe(4, 2, to("a"), to(eight)), "subscribe/filter-depth", broker.Close, 0x8f},
	}
	for _, test := range tests {
		r := test.ask()
		switch {
		case test.rule == "" && r != nil:
			t.Errorf("%s: refused: %v", test.name, r)
		case test.rule == "":
		case r == nil:
			t.Errorf("%s: accepted", test.name)
		case r.Rule != test.rule || r.Effect != test.effect || r.Code != test.code:
			t.Errorf("%s: rule %s, effect %d, code %#x; want %s, %d, %#x", test.name, r.Rule, r.Effect, r.Code, test.rule, test.effect, test.code)
		case !strings.Contains(r.Error(), r.Rule) || !strings.Contains(r.Error(), "AWS IoT"):
			t.Errorf("%s: the text names no rule or no source: %s", test.name, r)
		}
	}
}
