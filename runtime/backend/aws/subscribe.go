package aws

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/mqtt"
)

// maxApplicationTopics is what the SDK's library takes (aws_iot: up to eight application topics).
const maxApplicationTopics = 8

// applicationQoS is asked for with the application's topics, so that a command is not lost.
const applicationQoS = 1

// applicationTopic is a topic, or a filter, that the application has subscribed to.
type applicationTopic struct {
	name       string
	subscribed bool // in the session that the service holds
}

// subscribe asks for the topics of the options, unless the service has kept the session, and for those of the application that the
// session lacks.
func (b *Backend) subscribe(ctx context.Context, conn *mqtt.Connection) error {
	var filters []mqtt.Filter
	b.mu.Lock()
	if !conn.SessionPresent() {
		for _, t := range b.topics.down {
			filters = append(filters, mqtt.Filter{Topic: t.Name, QoS: t.QoS})
		}
	}
	for _, t := range b.application {
		if !t.subscribed {
			filters = append(filters, mqtt.Filter{Topic: t.name, QoS: applicationQoS})
		}
	}
	b.mu.Unlock()
	if err := askFor(ctx, conn, filters); err != nil {
		return err
	}
	b.markSubscribed(filters)
	return nil
}

func askFor(ctx context.Context, conn *mqtt.Connection, filters []mqtt.Filter) error {
	if len(filters) == 0 {
		return nil
	}
	_, err := conn.Subscribe(ctx, filters)
	var refused *mqtt.SubscribeError
	if errors.As(err, &refused) {
		return fmt.Errorf("%w; the policy of the certificate has to allow iot:Subscribe and iot:Receive for it", err)
	}
	return err
}

func (b *Backend) markSubscribed(filters []mqtt.Filter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.application {
		for _, f := range filters {
			if f.Topic == b.application[i].name {
				b.application[i].subscribed = true
			}
		}
	}
}

// SubscriptionsAdd subscribes to up to eight topics or filters of the application (Endpoint.Name), besides those that the backend uses
// itself: now, if there is a connection, and with each later one. What comes by them is given as data.CommandReceived. It must not be
// called from the handler.
func (b *Backend) SubscriptionsAdd(endpoints []cloud.Endpoint) error {
	b.mu.Lock()
	topics := slices.Clone(b.application)
	var filters []mqtt.Filter
	for _, e := range endpoints {
		if err := b.checkApplicationTopic(e); err != nil {
			b.mu.Unlock()
			return fmt.Errorf("aws: subscribe: %w", err)
		}
		if slices.ContainsFunc(topics, func(t applicationTopic) bool { return t.name == e.Name }) {
			continue
		}
		topics = append(topics, applicationTopic{name: e.Name})
		filters = append(filters, mqtt.Filter{Topic: e.Name, QoS: applicationQoS})
	}
	if len(topics) > maxApplicationTopics {
		b.mu.Unlock()
		return fmt.Errorf("aws: subscribe: %d application topics, at most %d are possible", len(topics), maxApplicationTopics)
	}
	b.application = topics // before the service may send
	b.mu.Unlock()
	conn, err := b.connection()
	if err != nil {
		return nil // with the next connection
	}
	ctx, cancel := context.WithTimeout(context.Background(), b.config.ConnectTimeout)
	defer cancel()
	if err := askFor(ctx, conn, filters); err != nil {
		if errors.Is(err, mqtt.ErrClosed) {
			return nil // with the next connection
		}
		b.forget(filters)
		return fmt.Errorf("aws: %w", err)
	}
	b.markSubscribed(filters)
	return nil
}

func (b *Backend) forget(filters []mqtt.Filter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.application = slices.DeleteFunc(slices.Clone(b.application), func(t applicationTopic) bool {
		return slices.ContainsFunc(filters, func(f mqtt.Filter) bool { return f.Topic == t.name })
	})
}

func (b *Backend) checkApplicationTopic(e cloud.Endpoint) error {
	if e.Type != cloud.EndpointMsg {
		return fmt.Errorf("%w: %v is not a topic of the application; use %v with its name", cloud.ErrUnsupported, e.Type, cloud.EndpointMsg)
	}
	if err := mqtt.CheckFilter(e.Name); err != nil {
		return err
	}
	return checkPublication(e.Name, nil)
}

// SubscriptionsRemove ends subscriptions of SubscriptionsAdd. Others are passed over. It must not be called from the handler.
func (b *Backend) SubscriptionsRemove(endpoints []cloud.Endpoint) error {
	var names []string
	b.mu.Lock()
	b.application = slices.DeleteFunc(slices.Clone(b.application), func(t applicationTopic) bool {
		remove := slices.ContainsFunc(endpoints, func(e cloud.Endpoint) bool { return e.Name == t.name })
		if remove {
			names = append(names, t.name)
		}
		return remove
	})
	b.mu.Unlock()
	conn, err := b.connection()
	if err != nil || names == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), b.config.ConnectTimeout)
	defer cancel()
	if err := conn.Unsubscribe(ctx, names); err != nil && !errors.Is(err, mqtt.ErrClosed) {
		return fmt.Errorf("aws: %w", err)
	}
	return nil
}
