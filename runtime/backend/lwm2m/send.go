package lwm2m

import (
	"context"
	"slices"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// The places of object 19 that messages of the application go to and come from, as Zephyr's samples use its instances.
var (
	messagesOut = lwm2m.NewPath(objectBinaryApp, 0, 0, 0)
	messagesIn  = lwm2m.NewPath(objectBinaryApp, 1)
)

// Send sends a message of the application: EndpointMsg, to the path Endpoint.Name of an Opaque or String resource, "" is /19/0/0/0. The value is set
// and sent; a server that observes the resource is notified too. Every Send is acknowledged, whatever the quality.
func (b *Backend) Send(ctx context.Context, message cloud.Message) error {
	if message.Endpoint.Type != cloud.EndpointMsg {
		return errorf("lwm2m: send: %w: LwM2M has no endpoint %v", cloud.ErrUnsupported, message.Endpoint.Type)
	}
	if message.QoS < cloud.QoSAtMostOnce || message.QoS >= cloud.QoSExactlyOnce {
		return errorf("lwm2m: send: %w: a Send arrives at least once; use %v", cloud.ErrUnsupported, cloud.QoSAtLeastOnce)
	}
	r, err := b.registered()
	if err != nil {
		return err
	}
	path := messagesOut
	if message.Endpoint.Name != "" {
		if path, err = lwm2m.ParsePath(message.Endpoint.Name); err != nil {
			return errorf("lwm2m: send: %w", err)
		}
	}
	if path.Level() < lwm2m.LevelResource || !r.has(path) {
		return errorf("lwm2m: send: %w: this build has no resource %v", cloud.ErrUnsupported, path)
	}
	definition, _ := r.client.Tree().Definition(path.Object())
	resource, _ := definition.Resource(path.Resource())
	value := lwm2m.Opaque(message.Payload)
	switch resource.Type {
	case lwm2m.TypeOpaque:
	case lwm2m.TypeString:
		value = lwm2m.String(string(message.Payload))
	default:
		return errorf("lwm2m: send: %w: %v (%s) holds no bytes and no text", cloud.ErrUnsupported, path, resource.Name)
	}
	if err := r.client.Tree().Set(lwm2m.Item{Path: path, Value: value}); err != nil {
		return errorf("lwm2m: send: %w", err)
	}
	if err := r.client.Send(ctx, path); err != nil {
		return sendError(err)
	}
	b.acknowledge(message.ID)
	return nil
}

// SubscriptionsAdd names paths whose writes by the server go to the application as commands, beside /19/1.
func (b *Backend) SubscriptionsAdd(endpoints []cloud.Endpoint) error {
	paths, err := subscribed(endpoints)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, path := range paths {
		if !slices.Contains(b.subscriptions, path) {
			b.subscriptions = append(b.subscriptions, path)
		}
	}
	return nil
}

// SubscriptionsRemove takes paths back.
func (b *Backend) SubscriptionsRemove(endpoints []cloud.Endpoint) error {
	paths, err := subscribed(endpoints)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.subscriptions = slices.DeleteFunc(b.subscriptions, func(path lwm2m.Path) bool { return slices.Contains(paths, path) })
	return nil
}

func subscribed(endpoints []cloud.Endpoint) ([]lwm2m.Path, error) {
	var paths []lwm2m.Path
	for _, endpoint := range endpoints {
		path, err := lwm2m.ParsePath(endpoint.Name)
		if err == nil && (endpoint.Type != cloud.EndpointMsg || path.Level() == lwm2m.LevelRoot || path.Object() == objectSecurity) {
			err = errorf("%w: %v %q is no path that a server may write", cloud.ErrUnsupported, endpoint.Type, endpoint.Name)
		}
		if err != nil {
			return nil, errorf("lwm2m: subscribe: %w", err)
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// written hands the application what the server has written where it listens: an Opaque as its bytes, anything else as text.
func (b *Backend) written(values []lwm2m.Item) {
	b.mu.Lock()
	subscriptions := append([]lwm2m.Path{messagesIn}, b.subscriptions...)
	b.mu.Unlock()
	for _, each := range values {
		if !slices.ContainsFunc(subscriptions, func(path lwm2m.Path) bool { return path.Contains(each.Path) }) {
			continue
		}
		payload := each.Value.Bytes()
		if each.Value.Type() != lwm2m.TypeOpaque {
			payload = []byte(each.Value.String())
		}
		b.NotifyEvent(b, cloud.Event{Type: cloud.EventDataReceived, Message: cloud.Message{
			Endpoint: cloud.Endpoint{Type: cloud.EndpointMsg, Name: each.Path.String()}, QoS: cloud.QoSAtLeastOnce, Payload: payload}})
		b.give(data.CommandReceived{Source: each.Path.String(), Payload: payload})
	}
}
