package lwm2m

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cloudgen/cloudgen/lab/lwm2m/coap"
	"github.com/cloudgen/cloudgen/lab/lwm2m/format"
)

// AnyEndpoint is the name of the plan for endpoints that have none of their own.
const AnyEndpoint = "*"

// Account is a server account that a bootstrap writes.
type Account struct {
	URI            string `json:"uri,omitempty"`      // coaps://HOST:PORT or coap://HOST:PORT; "": the server's own, as secure as the bootstrap is
	ShortServerID  uint16 `json:"shortServerID"`      // 1 to 65534
	Identity       string `json:"identity,omitempty"` // "": the endpoint name
	Key            Key    `json:"key,omitempty"`      // nil: the endpoint's key of the PSK store, else the device key
	Lifetime       int64  `json:"lifetime,omitempty"` // seconds; 0: 86400
	StoreWhileAway bool   `json:"storeNotifications"` // resource 6
	MuteSend       *bool  `json:"muteSend,omitempty"` // resource 23; nil: not written
}

// Step is one request of a bootstrap.
type Step struct {
	Operation string        `json:"operation"` // discover, read, write, delete, finish
	Path      string        `json:"path,omitempty"`
	Items     []format.Item `json:"items,omitempty"`
}

// BootstrapPlan is what the bootstrap server does with a client: Discover /, Delete /0 and /1, Write the accounts, Finish; or the steps, if there
// are any.
type BootstrapPlan struct {
	Accounts []Account `json:"accounts,omitempty"`
	Steps    []Step    `json:"steps,omitempty"`
}

func (p BootstrapPlan) check() error {
	if len(p.Accounts) == 0 && len(p.Steps) == 0 {
		return errors.New("a bootstrap plan needs accounts or steps")
	}
	for _, account := range p.Accounts {
		if account.ShortServerID == 0 || account.ShortServerID == 65535 {
			return fmt.Errorf("the account %s: the short server id is 1 to 65534", account.URI)
		}
		if account.URI != "" && !strings.HasPrefix(account.URI, "coap://") && !strings.HasPrefix(account.URI, "coaps://") {
			return fmt.Errorf("the account %q: its URI begins with coap:// or coaps://", account.URI)
		}
	}
	for _, step := range p.Steps {
		if !slices.Contains([]string{"discover", "read", "write", "delete", "finish"}, step.Operation) {
			return fmt.Errorf("%q is no step of a bootstrap: discover, read, write, delete, finish", step.Operation)
		}
		if _, err := format.ParsePath(step.Path); err != nil && step.Operation != "finish" {
			return err
		}
	}
	return nil
}

// items gives the account as instances of objects 0 and 1.
func (a Account) items(endpoint string, key []byte, security, server uint16) (zero, one []format.Item) {
	put := func(items *[]format.Item, object, instance, resource uint16, value any) {
		*items = append(*items, format.Item{Path: format.Path{object, instance, resource}.String(), Value: value})
	}
	put(&zero, 0, security, 0, a.URI)
	put(&zero, 0, security, 1, false)
	mode, identity := int64(3), []byte{}
	if strings.HasPrefix(a.URI, "coaps://") {
		mode, identity = 0, []byte(endpoint)
		if a.Identity != "" {
			identity = []byte(a.Identity)
		}
	} else {
		key = []byte{}
	}
	put(&zero, 0, security, 2, mode)
	put(&zero, 0, security, 3, identity)
	put(&zero, 0, security, 4, []byte{})
	put(&zero, 0, security, 5, key)
	put(&zero, 0, security, 10, int64(a.ShortServerID))
	put(&one, 1, server, 0, int64(a.ShortServerID))
	lifetime := a.Lifetime
	if lifetime == 0 {
		lifetime = int64(DefaultLifetime.Seconds())
	}
	put(&one, 1, server, 1, lifetime)
	put(&one, 1, server, 6, a.StoreWhileAway)
	put(&one, 1, server, 7, "U")
	if a.MuteSend != nil {
		put(&one, 1, server, 23, *a.MuteSend)
	}
	return zero, one
}

const bootstrapRule = "(OMA-TS-Transport 1.1.1 section 6.4.2, Bootstrap-Request)"

// serveBootstrap answers POST /bs.
func (s *Server) serveBootstrap(p *peer, request *coap.Message) coap.Response {
	if request.Code != coap.Post {
		return coap.Refuse(coap.MethodNotAllowed, "Bootstrap-Request is a POST", bootstrapRule)
	}
	endpoint, preferred := "", format.TLV
	for _, query := range request.Strings(coap.URIQuery) {
		name, value, _ := strings.Cut(query, "=")
		switch name {
		case "ep":
			endpoint = value
		case "pct":
			number, err := strconv.ParseUint(value, 10, 16)
			if err != nil {
				return coap.Refuse(coap.BadRequest, "pct="+value+" is no content format", bootstrapRule)
			}
			preferred = format.Format(number)
			if preferred != format.SenMLCBOR && preferred != format.SenMLJSON && preferred != format.TLV {
				return coap.Refuse(coap.UnsupportedContent, "pct="+value+": this server writes 110, 112 and 11542", bootstrapRule)
			}
		}
	}
	if endpoint == "" && p.secure != nil {
		endpoint = p.identity()
	}
	if endpoint == "" {
		return coap.Refuse(coap.BadRequest, "the parameter ep is missing", bootstrapRule)
	}
	if len(request.Payload) > 0 {
		return coap.Refuse(coap.BadRequest, "a Bootstrap-Request has no payload", bootstrapRule)
	}
	plan, ok := s.store.Plan(endpoint)
	if !ok {
		return coap.Refuse(coap.BadRequest, "there is no bootstrap plan for this endpoint", bootstrapRule)
	}
	s.mu.Lock()
	busy := p.sequence
	p.sequence = true
	s.mu.Unlock()
	response := coap.Response{Message: coap.Message{Code: coap.Changed}}
	s.emit(Event{Kind: Bootstrap, Endpoint: endpoint, Remote: p.remote(), Path: "/bs", Code: coap.Changed.String(), Detail: "request"})
	if busy {
		return response // the client asks again while its bootstrap runs
	}
	response.After = func() {
		s.background(func(ctx context.Context) {
			s.runBootstrap(ctx, p, endpoint, plan, preferred)
			s.mu.Lock()
			p.sequence = false
			s.mu.Unlock()
		})
	}
	return response
}

// runBootstrap carries out a plan. It stops at the first step that fails.
func (s *Server) runBootstrap(ctx context.Context, p *peer, endpoint string, plan BootstrapPlan, preferred format.Format) {
	var instances []format.CoreLinkItem
	step := func(step Step) bool {
		response, err := s.bootstrapStep(ctx, p, step, preferred)
		event := Event{Kind: Bootstrap, Endpoint: endpoint, Remote: p.remote(), Path: step.Path, Detail: step.Operation, Err: err}
		if response != nil {
			event.Code = response.Code.String()
		}
		if err == nil && step.Operation == "discover" {
			if instances, event.Err = format.ParseLinks(response.Payload); event.Err != nil {
				err = event.Err
			}
		}
		s.emit(event)
		return err == nil
	}
	steps := plan.Steps
	if len(steps) == 0 {
		if !step(Step{Operation: "discover", Path: "/"}) {
			return
		}
		steps = s.accountSteps(endpoint, p.secure != nil, plan.Accounts, instances)
	}
	for _, next := range steps {
		if !step(next) {
			return
		}
	}
	s.emit(Event{Kind: Bootstrapped, Endpoint: endpoint, Remote: p.remote()})
}

// accountSteps gives the steps after Discover. The accounts go beside the bootstrap account, whose instance Delete leaves.
func (s *Server) accountSteps(endpoint string, secure bool, accounts []Account, instances []format.CoreLinkItem) []Step {
	used := map[uint16]bool{}
	for _, link := range instances {
		path, err := format.ParsePath(link.Target)
		if _, hasSSID := link.Attribute("ssid"); err == nil && len(path) == 2 && path[0] == 0 && !hasSSID {
			used[path[1]] = true
		}
	}
	steps := []Step{{Operation: "delete", Path: "/0"}, {Operation: "delete", Path: "/1"}}
	security := uint16(0)
	for server, account := range accounts {
		for used[security] {
			security++
		}
		key := []byte(account.Key)
		if key == nil {
			key = s.config.DeviceKey
			if credential, ok := s.store.ByEndpoint(endpoint); ok {
				key = credential.Key
			}
		}
		if account.URI == "" {
			account.URI = s.ownURL(secure)
		}
		zero, one := account.items(endpoint, key, security, uint16(server))
		security++
		steps = append(steps, Step{Operation: "write", Path: "/0/" + strconv.Itoa(int(security-1)), Items: zero},
			Step{Operation: "write", Path: "/1/" + strconv.Itoa(server), Items: one})
	}
	return append(steps, Step{Operation: "finish"})
}

// ownURL gives the server's own address, secure or not; the other one where there is none of this kind.
func (s *Server) ownURL(secure bool) string {
	for _, url := range s.urls[:min(len(s.urls), 2)] {
		if strings.HasPrefix(url, "coaps://") == secure {
			return url
		}
	}
	if len(s.urls) == 0 {
		return ""
	}
	return s.urls[0]
}

func (s *Server) bootstrapStep(ctx context.Context, p *peer, step Step, preferred format.Format) (*coap.Message, error) {
	var request coap.Message
	want := coap.Changed
	switch step.Operation {
	case "discover":
		request.Code, want = coap.Get, coap.Content
		request.AddUint(coap.Accept, uint32(format.LinkFormat))
	case "read":
		request.Code, want = coap.Get, coap.Content
		request.AddUint(coap.Accept, uint32(preferred))
	case "delete":
		request.Code, want = coap.Delete, coap.Deleted
	case "finish":
		request.Code = coap.Post
		request.SetPath("/bs")
	case "write":
		request.Code = coap.Put
		request.AddUint(coap.ContentFormat, uint32(preferred))
		var err error
		if request.Payload, err = format.Encode(preferred, step.Path, format.Fit(step.Items, s.definitions)); err != nil {
			return nil, err
		}
	}
	if step.Operation != "finish" {
		request.SetPath(step.Path)
	}
	response, err := p.session.Do(ctx, request, coap.Options{})
	if err != nil {
		return nil, err
	}
	if response.Code != want {
		return response, fmt.Errorf("the client answers %v %q; success of this step is %v", response.Code, response.Payload, want)
	}
	return response, nil
}
