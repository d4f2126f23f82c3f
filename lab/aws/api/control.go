package api

import (
	"net/http"
	"time"

	"github.com/cloudgen/cloudgen/lab/aws/jobs"
	"github.com/cloudgen/cloudgen/lab/aws/registry"
)

// control is the control plane (AWS IoT API reference).
type control struct {
	*handler
	config Config
}

// Control serves the control plane, the data planes without asking anybody's policies, and the lab's own calls. Two calls of the control plane
// share their paths with the jobs data plane, which is a host of its own at AWS: the latter answers requests that are signed for it.
func Control(config Config) http.Handler {
	h := &handler{cloud: config.Cloud, now: config.Cloud.Clock().Now}
	c := &control{handler: h, config: config}
	d := &data{handler: h, check: func(*request, string, string) error { return nil }}
	device := http.NewServeMux()
	d.jobs(device)
	mux := http.NewServeMux()
	d.things(mux)
	c.things(mux)
	c.certificates(mux)
	c.authorities(mux)
	c.policies(mux)
	c.jobs(mux)
	newLab(h, config).routes(mux)
	mux.HandleFunc("GET /endpoint", h.serve(c.endpoint))
	mux.HandleFunc("POST /things/{thing}/jobs/{job}", device.ServeHTTP)
	mux.HandleFunc("/", h.serve(h.unknown))
	return sameOrigin(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if signedFor(r) == "iot-jobs-data" {
			device.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	}))
}

func (c *control) handle(mux *http.ServeMux, pattern string, f call) {
	mux.HandleFunc(pattern, c.serve(f))
}

// change answers from what f does to the registry.
func (c *control) change(f func(r *registry.Registry, now time.Time) (any, error)) (any, error) {
	var result any
	err := c.cloud.Registry(func(r *registry.Registry, now time.Time) (err error) {
		result, err = f(r, now)
		return err
	})
	return result, err
}

func (c *control) read(f func(r *registry.Registry) (any, error)) (any, error) {
	var result any
	err := c.cloud.ReadRegistry(func(r *registry.Registry) (err error) {
		result, err = f(r)
		return err
	})
	return result, err
}

func (c *control) endpoint(r *request) (any, error) {
	var address string
	switch kind := r.query("endpointType"); kind {
	case "", "iot:Data", "iot:Data-ATS", "iot:Data-Beta":
		address = c.config.Endpoints.Data
	case "iot:Jobs":
		address = c.config.Endpoints.Jobs
	default:
		return nil, invalid("the endpoint type %q is not served: iot:Data-ATS and iot:Jobs are", kind)
	}
	return map[string]string{"endpointAddress": address}, nil
}

type attributePayload struct {
	Attributes map[string]string `json:"attributes"`
	Merge      bool              `json:"merge"`
}

func (c *control) things(mux *http.ServeMux) {
	arn := c.cloud.Account().Thing
	type thing struct {
		Name       string            `json:"thingName"`
		ARN        string            `json:"thingArn"`
		ID         string            `json:"thingId,omitempty"`
		Client     string            `json:"defaultClientId,omitempty"`
		Type       string            `json:"thingTypeName,omitempty"`
		Attributes map[string]string `json:"attributes"`
		Version    int64             `json:"version"`
	}
	show := func(t registry.Thing) thing {
		return thing{Name: t.Name, ARN: arn(t.Name), Type: t.Type, Attributes: t.Attributes, Version: t.Version}
	}
	c.handle(mux, "POST /things/{thing}", func(r *request) (any, error) {
		var body struct {
			Type       string           `json:"thingTypeName"`
			Attributes attributePayload `json:"attributePayload"`
		}
		if err := r.decode(&body); err != nil {
			return nil, err
		}
		return c.change(func(reg *registry.Registry, now time.Time) (any, error) {
			t, err := reg.CreateThing(r.PathValue("thing"), body.Type, body.Attributes.Attributes, now)
			return map[string]string{"thingName": t.Name, "thingArn": arn(t.Name), "thingId": t.ID}, err
		})
	})
	c.handle(mux, "GET /things/{thing}", func(r *request) (any, error) {
		return c.read(func(reg *registry.Registry) (any, error) {
			t, err := reg.Thing(r.PathValue("thing"))
			shown := show(t)
			shown.ID, shown.Client = t.ID, t.Name
			return shown, err
		})
	})
	c.handle(mux, "GET /things", func(r *request) (any, error) {
		return c.read(func(reg *registry.Registry) (any, error) {
			all := []thing{}
			for _, t := range reg.Things() {
				if kind := r.query("thingTypeName"); kind == "" || kind == t.Type {
					all = append(all, show(t))
				}
			}
			part, next, err := page(r, all, "maxResults", "nextToken")
			return struct {
				Things []thing `json:"things"`
				Next   string  `json:"nextToken,omitempty"`
			}{part, next}, err
		})
	})
	c.handle(mux, "PATCH /things/{thing}", func(r *request) (any, error) {
		var body struct {
			Type       string            `json:"thingTypeName"`
			Attributes *attributePayload `json:"attributePayload"`
			Version    int64             `json:"expectedVersion"`
			Remove     bool              `json:"removeThingType"`
		}
		if err := r.decode(&body); err != nil {
			return nil, err
		}
		update := registry.ThingUpdate{Type: body.Type, RemoveType: body.Remove, ExpectedVersion: body.Version}
		if body.Attributes != nil {
			update.Attributes, update.Merge = body.Attributes.Attributes, body.Attributes.Merge
		}
		return c.change(func(reg *registry.Registry, _ time.Time) (any, error) {
			return nil, reg.UpdateThing(r.PathValue("thing"), update)
		})
	})
	c.handle(mux, "DELETE /things/{thing}", c.deleteThing)
	c.handle(mux, "POST /thing-types/{type}", func(r *request) (any, error) {
		var body struct {
			Properties struct {
				Description string `json:"thingTypeDescription"`
			} `json:"thingTypeProperties"`
		}
		if err := r.decode(&body); err != nil {
			return nil, err
		}
		return c.change(func(reg *registry.Registry, now time.Time) (any, error) {
			t, err := reg.CreateThingType(r.PathValue("type"), body.Properties.Description, now)
			return map[string]string{"thingTypeName": t.Name, "thingTypeArn": c.cloud.Account().ARN("thingtype", t.Name), "thingTypeId": t.ID}, err
		})
	})
	c.handle(mux, "GET /thing-types/{type}", func(r *request) (any, error) {
		return c.read(func(reg *registry.Registry) (any, error) {
			t, err := reg.ThingType(r.PathValue("type"))
			return map[string]any{
				"thingTypeName": t.Name, "thingTypeId": t.ID, "thingTypeArn": c.cloud.Account().ARN("thingtype", t.Name),
				"thingTypeProperties": map[string]string{"thingTypeDescription": t.Description},
				"thingTypeMetadata":   map[string]any{"deprecated": false, "creationDate": seconds(t.Created)},
			}, err
		})
	})
	c.principals(mux)
}

func (c *control) deleteThing(r *request) (any, error) {
	version, err := r.number("expectedVersion")
	if err != nil {
		return nil, err
	}
	if _, err := c.change(func(reg *registry.Registry, _ time.Time) (any, error) {
		return nil, reg.DeleteThing(r.PathValue("thing"), version)
	}); err != nil {
		return nil, err
	}
	return nil, c.cloud.Jobs(func(s *jobs.Store, now time.Time) ([]jobs.Message, error) {
		s.ThingDeleted(r.PathValue("thing"), now)
		return nil, nil
	})
}

// principal gives the ARN that the header of a call names.
func principal(r *request) string {
	if arn := r.Header.Get("X-Amzn-Principal"); arn != "" {
		return arn
	}
	return r.Header.Get("X-Amzn-Iot-Principal")
}

func (c *control) principals(mux *http.ServeMux) {
	c.handle(mux, "PUT /things/{thing}/principals", func(r *request) (any, error) {
		exclusive := r.query("thingPrincipalType") == "EXCLUSIVE_THING"
		return c.change(func(reg *registry.Registry, _ time.Time) (any, error) {
			return nil, reg.AttachThingPrincipal(r.PathValue("thing"), principal(r), exclusive)
		})
	})
	c.handle(mux, "DELETE /things/{thing}/principals", func(r *request) (any, error) {
		return c.change(func(reg *registry.Registry, _ time.Time) (any, error) {
			return nil, reg.DetachThingPrincipal(r.PathValue("thing"), principal(r))
		})
	})
	c.handle(mux, "GET /things/{thing}/principals", func(r *request) (any, error) {
		return c.read(func(reg *registry.Registry) (any, error) {
			if _, err := reg.Thing(r.PathValue("thing")); err != nil {
				return nil, err
			}
			part, next, err := page(r, reg.ThingPrincipals(r.PathValue("thing")), "maxResults", "nextToken")
			return struct {
				Principals []string `json:"principals"`
				Next       string   `json:"nextToken,omitempty"`
			}{part, next}, err
		})
	})
	c.handle(mux, "GET /principals/things", func(r *request) (any, error) {
		return c.read(func(reg *registry.Registry) (any, error) {
			things := []string{}
			for _, certificate := range reg.Certificates() {
				if c.cloud.Account().ARN("cert", certificate.ID) == principal(r) {
					for _, a := range certificate.Things {
						things = append(things, a.Thing)
					}
				}
			}
			return map[string][]string{"things": things}, nil
		})
	})
}
