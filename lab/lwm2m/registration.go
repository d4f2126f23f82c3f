package lwm2m

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cloudgen/cloudgen/lab/lwm2m/coap"
	"github.com/cloudgen/cloudgen/lab/lwm2m/format"
)

// DefaultLifetime is the lifetime of a Register without lt.
const DefaultLifetime = 86400 * time.Second

// Registration is what a client has told about itself.
type Registration struct {
	Endpoint     string                `json:"endpoint"`
	Location     string                `json:"location"` // as /rd/LOCATION
	Lifetime     time.Duration         `json:"-"`
	Seconds      int64                 `json:"lifetime"` // Lifetime in seconds
	Version      string                `json:"version"`
	Binding      string                `json:"binding"`
	QueueMode    bool                  `json:"queueMode"`
	SMS          string                `json:"sms,omitempty"`
	Root         string                `json:"root,omitempty"` // alternate path before all others, without / at its end
	Links        []format.CoreLinkItem `json:"links"`          // the object list as it came
	Registered   time.Time             `json:"registered"`
	LastUpdate   time.Time             `json:"lastUpdate"`
	Remote       string                `json:"remote"`
	Identity     string                `json:"identity,omitempty"` // PSK identity; "": NoSec
	ConnectionID bool                  `json:"connectionID"`
	Awake        bool                  `json:"awake"`
}

// registration is a living one, under the server's mu.
type registration struct {
	Registration
	server    *Server
	device    *Device
	peer      *peer
	timer     *time.Timer
	instances map[[2]uint16]bool
	objects   map[uint16]bool
}

// view gives the registration as it is now. Caller holds mu.
func (r *registration) view() Registration {
	view := r.Registration
	view.Links = slices.Clone(r.Links)
	view.Seconds = int64(r.Lifetime / time.Second)
	view.Awake = r.awake()
	view.Remote, view.Identity = r.peer.remote(), r.peer.identity()
	view.ConnectionID = r.peer.secure != nil && r.peer.secure.ConnectionID()
	return view
}

// awake tells whether the client listens. Caller holds mu.
func (r *registration) awake() bool {
	return !r.QueueMode || !r.peer.silent && !r.peer.gone && time.Since(r.peer.last) < r.server.config.AwakeTime
}

// Instances gives the instances of an object in the object list, in their order.
func (r Registration) Instances(object uint16) []uint16 {
	var ids []uint16
	for _, link := range r.Links {
		path, err := format.ParsePath(strings.TrimPrefix(link.Target, r.Root))
		if err == nil && len(path) == 2 && path[0] == object {
			ids = append(ids, path[1])
		}
	}
	return ids
}

// parameters are the query of a Register or an Update.
type parameters struct {
	endpoint, version, binding, sms string
	lifetime                        time.Duration
	queue                           bool
	given                           []string
}

// parseQuery reads the query. LwM2M lets clients add parameters of their own, which are told as a notice.
func parseQuery(queries []string) (p parameters, unknown []string, err error) {
	for _, query := range queries {
		name, value, hasValue := strings.Cut(query, "=")
		if slices.Contains(p.given, name) {
			return p, nil, fmt.Errorf("the parameter %q stands there twice", name)
		}
		p.given = append(p.given, name)
		if name != "Q" && !hasValue {
			return p, nil, fmt.Errorf("the parameter %q has no value", name)
		}
		switch name {
		case "ep":
			if value == "" {
				return p, nil, errors.New("the endpoint name is empty")
			}
			p.endpoint = value
		case "lt":
			seconds, err := strconv.ParseUint(value, 10, 31)
			if err != nil || seconds == 0 {
				return p, nil, fmt.Errorf("lt=%s: the lifetime is a number of seconds from 1", value)
			}
			p.lifetime = time.Duration(seconds) * time.Second
		case "lwm2m":
			p.version = value
		case "b":
			if p.binding, err = value, checkBinding(value); err != nil {
				return p, nil, err
			}
		case "sms":
			p.sms = value
		case "Q":
			if hasValue {
				return p, nil, errors.New("the parameter Q has no value in LwM2M 1.1")
			}
			p.queue = true
		default:
			unknown = append(unknown, name)
		}
	}
	return p, unknown, nil
}

func checkBinding(value string) error {
	for i, letter := range value {
		switch {
		case letter == 'Q':
			return errors.New("b=" + value + ": Q is no binding in LwM2M 1.1; queue mode is the parameter Q by itself")
		case !strings.ContainsRune("UTSN", letter):
			return errors.New("b=" + value + ": the bindings are U, T, S and N")
		case strings.ContainsRune(value[:i], letter):
			return errors.New("b=" + value + ": a letter stands there twice")
		}
	}
	if !strings.Contains(value, "U") {
		return errors.New("b=" + value + ": this server has UDP only")
	}
	return nil
}

// objectList reads the payload of a Register or an Update.
type objectList struct {
	links     []format.CoreLinkItem
	root      string
	objects   map[uint16]bool
	instances map[[2]uint16]bool
}

func parseObjectList(payload []byte) (list objectList, err error) {
	list = objectList{objects: map[uint16]bool{}, instances: map[[2]uint16]bool{}}
	if list.links, err = format.ParseLinks(payload); err != nil {
		return list, fmt.Errorf("object list: %w", err)
	}
	if len(list.links) == 0 {
		return list, errors.New("the object list is empty: a client has at least /1 and /3")
	}
	for _, link := range list.links {
		if rt, ok := link.Attribute("rt"); ok && rt == "oma.lwm2m" && link.Target != "/" {
			list.root = strings.TrimSuffix(link.Target, "/")
		}
	}
	seen := map[string]bool{}
	for _, link := range list.links {
		rest, ok := strings.CutPrefix(link.Target, list.root)
		if ok && rest == "" || link.Target == "/" {
			continue
		}
		path, err := format.ParsePath(rest)
		if !ok || err != nil || len(path) == 0 || len(path) > 2 {
			return list, fmt.Errorf("object list: %q is no object and no instance", link.Target)
		}
		if path[0] == 0 || path[0] == 21 || path[0] == 23 {
			return list, fmt.Errorf("object list: %s must not be in it: it is hidden from servers", link.Target)
		}
		if seen[rest] {
			return list, fmt.Errorf("object list: %s stands there twice", link.Target)
		}
		seen[rest] = true
		list.objects[path[0]] = true
		if len(path) == 2 {
			list.instances[[2]uint16{path[0], path[1]}] = true
		}
	}
	return list, nil
}

const registerRule = "(OMA-TS-Transport 1.1.1 section 6.4.3, Register)"

// register answers POST /rd.
func (s *Server) register(p *peer, request *coap.Message) coap.Response {
	if request.Code != coap.Post {
		return coap.Refuse(coap.MethodNotAllowed, "Register is a POST", registerRule)
	}
	if code, refuse := s.faults.refusal(); refuse {
		return coap.Refuse(code, "a fault on demand")
	}
	params, unknown, err := parseQuery(request.Strings(coap.URIQuery))
	if err != nil {
		return coap.Refuse(coap.BadRequest, err.Error(), registerRule)
	}
	switch {
	case params.version == "":
		return coap.Refuse(coap.BadRequest, "the parameter lwm2m is missing", registerRule)
	case params.version != "1.1":
		return coap.Refuse(coap.PreconditionFailed, "lwm2m="+params.version+": this server has LwM2M 1.1", registerRule)
	}
	if f, ok := request.Uint(coap.ContentFormat); !ok || format.Format(f) != format.LinkFormat {
		return coap.Refuse(coap.BadRequest, "the object list is link-format, Content-Format 40", registerRule)
	}
	list, err := parseObjectList(request.Payload)
	if err != nil {
		return coap.Refuse(coap.BadRequest, err.Error(), registerRule)
	}
	endpoint, err := s.authenticate(p, params.endpoint)
	if err != nil {
		return coap.Refuse(coap.BadRequest, err.Error(), registerRule)
	}
	now := time.Now()
	r := &registration{server: s, peer: p, Registration: Registration{
		Endpoint: endpoint, Version: params.version, Binding: params.binding, QueueMode: params.queue, SMS: params.sms, Lifetime: params.lifetime,
		Registered: now, LastUpdate: now,
	}}
	if r.Binding == "" {
		r.Binding = "U"
	}
	if r.Lifetime == 0 {
		r.Lifetime = DefaultLifetime
	}
	r.take(list)
	r.Location = newLocation()
	view := s.install(r)
	s.notices(r, unknown, list)
	s.emit(Event{Kind: Registered, Endpoint: endpoint, Remote: p.remote(), Registration: &view, Detail: strings.Join(request.Strings(coap.URIQuery), "&")})
	response := coap.Response{Message: coap.Message{Code: coap.Created}}
	response.AddString(coap.LocationPath, "rd", strings.TrimPrefix(r.Location, "/rd/"))
	return response
}

func newLocation() string {
	var id [6]byte
	_, _ = rand.Read(id[:]) // never fails: crypto/rand
	return "/rd/" + hex.EncodeToString(id[:])
}

func (r *registration) take(list objectList) {
	r.Links, r.Root, r.objects, r.instances = list.links, list.root, list.objects, list.instances
}

// notices tells what is allowed but unwise.
func (s *Server) notices(r *registration, unknown []string, list objectList) {
	note := func(text string) {
		s.emit(Event{Kind: Notice, Endpoint: r.Endpoint, Remote: r.peer.remote(), Detail: text})
	}
	for _, name := range unknown {
		note(fmt.Sprintf("the parameter %q is none of LwM2M 1.1", name))
	}
	for _, mandatory := range []uint16{1, 3} {
		if !list.objects[mandatory] {
			note(fmt.Sprintf("the object list lacks the mandatory object /%d", mandatory))
		}
	}
}

// authenticate checks that a peer may speak for an endpoint, and gives the endpoint's name.
func (s *Server) authenticate(p *peer, endpoint string) (string, error) {
	if p.secure == nil {
		if endpoint == "" {
			return "", errors.New("the parameter ep is missing, and there is no identity to take it from")
		}
		if _, secured := s.store.ByEndpoint(endpoint); secured {
			return "", fmt.Errorf("the endpoint %q has a key: it cannot register without security", endpoint)
		}
		return endpoint, nil
	}
	credential, ok := s.store.ByIdentity(p.identity())
	switch {
	case !ok:
		return "", fmt.Errorf("the identity %q is no longer in the PSK store", p.identity())
	case endpoint == "":
		return credential.Endpoint, nil
	case credential.Endpoint != endpoint:
		return "", fmt.Errorf("the identity %q belongs to the endpoint %q, not to %q", p.identity(), credential.Endpoint, endpoint)
	}
	return endpoint, nil
}

// install puts a registration in the place of the one that the endpoint had.
func (s *Server) install(r *registration) Registration {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.devices[r.Endpoint]
	if d == nil {
		d = newDevice(s, r.Endpoint)
		s.devices[r.Endpoint] = d
	}
	if d.registration != nil {
		s.end(d.registration, Replaced)
	}
	r.device, d.registration = d, r
	s.byLocation[r.Location] = r
	r.peer.registration = r
	r.timer = time.AfterFunc(r.Lifetime, func() { s.expire(r) })
	s.broadcast()
	return r.view()
}

func (s *Server) expire(r *registration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byLocation[r.Location] != r || s.closed {
		return
	}
	if left := time.Until(r.LastUpdate.Add(r.Lifetime)); left > 0 { // an Update came between
		r.timer.Reset(left)
		return
	}
	s.end(r, Expired)
}

// end ends a registration and its observations. Caller holds mu.
func (s *Server) end(r *registration, why Kind) {
	view := r.view()
	r.timer.Stop()
	delete(s.byLocation, r.Location)
	if r.device.registration == r {
		r.device.registration = nil
	}
	if r.peer.registration == r {
		r.peer.registration = nil
	}
	r.device.dropObservations()
	s.broadcast()
	s.emit(Event{Kind: why, Endpoint: r.Endpoint, Remote: view.Remote, Registration: &view})
}

const updateRule = "(OMA-TS-Transport 1.1.1 section 6.4.3, Update)"

// existing answers requests on /rd/LOCATION.
func (s *Server) existing(p *peer, request *coap.Message, id string) coap.Response {
	if request.Code == coap.Post {
		if code, refuse := s.faults.refusal(); refuse {
			return coap.Refuse(code, "a fault on demand")
		}
	}
	s.mu.Lock()
	r := s.byLocation["/rd/"+id]
	var secured bool
	var identity string
	if r != nil {
		secured, identity = r.peer.secure != nil, r.peer.identity()
	}
	s.mu.Unlock()
	if r == nil {
		return coap.Refuse(coap.NotFound, "there is no registration at this location: register again", updateRule)
	}
	if secured != (p.secure != nil) || identity != p.identity() {
		return coap.Refuse(coap.BadRequest, "the registration was made with another security identity", updateRule)
	}
	switch request.Code {
	case coap.Post:
		return s.update(p, r, request)
	case coap.Delete:
		s.mu.Lock()
		if s.byLocation[r.Location] == r {
			s.end(r, Deregistered)
		}
		s.mu.Unlock()
		return coap.Response{Message: coap.Message{Code: coap.Deleted}}
	}
	return coap.Refuse(coap.MethodNotAllowed, "a registration takes POST and DELETE", updateRule)
}

func (s *Server) update(p *peer, r *registration, request *coap.Message) coap.Response {
	params, unknown, err := parseQuery(request.Strings(coap.URIQuery))
	if err != nil {
		return coap.Refuse(coap.BadRequest, err.Error(), updateRule)
	}
	for _, name := range []string{"ep", "lwm2m", "Q"} {
		if slices.Contains(params.given, name) {
			return coap.Refuse(coap.BadRequest, name+" is no parameter of Update: it needs a new Register", updateRule)
		}
	}
	var list *objectList
	if len(request.Payload) > 0 {
		if f, ok := request.Uint(coap.ContentFormat); !ok || format.Format(f) != format.LinkFormat {
			return coap.Refuse(coap.BadRequest, "the object list is link-format, Content-Format 40", updateRule)
		}
		parsed, err := parseObjectList(request.Payload)
		if err != nil {
			return coap.Refuse(coap.BadRequest, err.Error(), updateRule)
		}
		list = &parsed
	}
	s.mu.Lock()
	if s.byLocation[r.Location] != r {
		s.mu.Unlock()
		return coap.Refuse(coap.NotFound, "the registration has just ended: register again", updateRule)
	}
	if params.lifetime > 0 {
		r.Lifetime = params.lifetime
	}
	if params.binding != "" {
		r.Binding = params.binding
	}
	if slices.Contains(params.given, "sms") {
		r.SMS = params.sms
	}
	if list != nil {
		r.take(*list)
	}
	if r.peer != p {
		r.device.move(r.peer, p)
		r.peer.registration = nil
		r.peer, p.registration = p, r
	}
	r.LastUpdate = time.Now()
	r.timer.Reset(r.Lifetime)
	view := r.view()
	s.broadcast()
	s.mu.Unlock()
	if list != nil {
		s.notices(r, unknown, *list)
	}
	detail := strings.Join(request.Strings(coap.URIQuery), "&")
	if list != nil {
		detail = strings.TrimPrefix(detail+" with object list", " ")
	}
	s.emit(Event{Kind: Updated, Endpoint: r.Endpoint, Remote: p.remote(), Registration: &view, Detail: detail})
	return coap.Response{Message: coap.Message{Code: coap.Changed}}
}
