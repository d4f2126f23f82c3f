package mqtt

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// Publication is a message to the broker.
type Publication struct {
	ID      uint16 // comes back in EventAcknowledged with QoS 1; 0: the caller does not want to know
	Topic   string
	QoS     byte // 0 or 1
	Retain  bool
	Payload []byte // not changed after handing it over
}

// maxPayload is what fits a packet beside the longest topic (MQTT 3.1.1, 2.2.3).
const maxPayload = 268435455 - maxString - 4

// Publish hands a message to the transport. Publications are sent in the order of the calls. It waits while earlier ones fill the send
// buffer, at most until ctx or the connection ends; then the error wraps ctx.Err or ErrClosed.
func (c *Connection) Publish(ctx context.Context, p Publication) error {
	if err := checkTopicName(p.Topic); err != nil {
		return fmt.Errorf("publish on %q: %w", p.Topic, err)
	}
	if p.QoS > 1 {
		return fmt.Errorf("publish on %q: quality of service %d, only 0 and 1 are offered", p.Topic, p.QoS)
	}
	if len(p.Payload) > maxPayload {
		return fmt.Errorf("publish on %q: %d bytes, a packet takes %d", p.Topic, len(p.Payload), maxPayload)
	}
	if err := c.publish(ctx, p); err != nil {
		return fmt.Errorf("publish on %q: %w", p.Topic, err)
	}
	return nil
}

func (c *Connection) publish(ctx context.Context, p Publication) error {
	select {
	case <-c.publishing:
	case <-c.ended:
		return c.endedError()
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { c.publishing <- struct{}{} }()
	for c.link.full() {
		select {
		case <-c.link.space:
		case <-c.ended:
			return c.endedError()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	_, err := c.handOver(ctx, func() paho.Token {
		c.ledger.expect(p.ID)
		defer c.ledger.expect(0)
		return c.client.Publish(p.Topic, p.QoS, p.Retain, p.Payload)
	})
	return err
}

// handOver makes a call of paho and repeats it as long as paho's goroutines do not take the packet in time, for paho itself notices
// neither a context nor that it has ended meanwhile. What was not taken was not sent.
func (c *Connection) handOver(ctx context.Context, call func() paho.Token) (paho.Token, error) {
	for {
		select {
		case <-c.ended:
			return nil, c.endedError()
		case <-ctx.Done():
			return nil, ctx.Err()
		default:
		}
		token := call()
		err := token.Error()
		if err == nil {
			return token, nil
		}
		if !strings.HasSuffix(err.Error(), "broken by timeout") { // paho has no value for it
			return nil, c.tokenError(err)
		}
	}
}

// tokenError explains an error of paho's.
func (c *Connection) tokenError(err error) error {
	if cause := c.link.failure(); cause != nil {
		return fmt.Errorf("%w: %w", ErrClosed, cause)
	}
	if c.Err() != nil {
		return c.endedError()
	}
	if errors.Is(err, paho.ErrNotConnected) || c.link.isClosing() {
		return fmt.Errorf("%w: %w", ErrClosed, err)
	}
	return err
}

// endedError wraps ErrClosed and the cause.
func (c *Connection) endedError() error {
	if errors.Is(c.cause, ErrClosed) {
		return c.cause
	}
	return fmt.Errorf("%w: %w", ErrClosed, c.cause)
}

// maxFilters is the number of filters of one SUBSCRIBE or UNSUBSCRIBE: AWS IoT Core takes 8 (its quotas).
const maxFilters = 8

// Filter is a subscription: a topic, or several by wildcards, and the highest quality of service to deliver with, 0 or 1.
type Filter struct {
	Topic string
	QoS   byte
}

// Subscribe asks for messages and waits until the broker has granted all filters, at most until ctx or the connection ends. Filters
// that the broker refuses are named in a *SubscribeError; the others stand. The result is the granted quality of each filter, in order.
func (c *Connection) Subscribe(ctx context.Context, filters []Filter) ([]byte, error) {
	granted := make([]byte, 0, len(filters))
	var refused []string
	for _, f := range filters {
		if err := CheckFilter(f.Topic); err != nil {
			return nil, fmt.Errorf("subscribe: %w", err)
		}
		if f.QoS > 1 {
			return nil, fmt.Errorf("subscribe to %q: quality of service %d, only 0 and 1 are offered", f.Topic, f.QoS)
		}
	}
	for chunk := range slices.Chunk(filters, maxFilters) {
		request := make(map[string]byte, len(chunk))
		for _, f := range chunk {
			request[f.Topic] = max(request[f.Topic], f.QoS)
		}
		token, err := c.handOver(ctx, func() paho.Token { return c.client.SubscribeMultiple(request, nil) })
		if err == nil {
			err = c.wait(ctx, token)
		}
		if err != nil {
			return nil, fmt.Errorf("subscribe to %s: %w", topics(chunk), err)
		}
		var results map[string]byte
		if subscribed, ok := token.(*paho.SubscribeToken); ok {
			results = subscribed.Result()
		}
		for _, f := range chunk {
			code, answered := results[f.Topic]
			if !answered || code == subackFailure {
				code = subackFailure
				refused = append(refused, f.Topic)
			}
			granted = append(granted, code)
		}
	}
	if refused != nil {
		return granted, &SubscribeError{Topics: refused}
	}
	return granted, nil
}

// SubscribeError names the filters that the broker refused (return code 0x80).
type SubscribeError struct{ Topics []string }

// Error names them.
func (e *SubscribeError) Error() string {
	return "the broker refuses the subscription to " + strings.Join(e.Topics, ", ")
}

// Unsubscribe ends subscriptions and waits until the broker has confirmed it, at most until ctx or the connection ends.
func (c *Connection) Unsubscribe(ctx context.Context, filters []string) error {
	for _, f := range filters {
		if err := CheckFilter(f); err != nil {
			return fmt.Errorf("unsubscribe: %w", err)
		}
	}
	for chunk := range slices.Chunk(filters, maxFilters) {
		token, err := c.handOver(ctx, func() paho.Token { return c.client.Unsubscribe(chunk...) })
		if err == nil {
			err = c.wait(ctx, token)
		}
		if err != nil {
			return fmt.Errorf("unsubscribe from %s: %w", strings.Join(chunk, ", "), err)
		}
	}
	return nil
}

func (c *Connection) wait(ctx context.Context, token paho.Token) error {
	select {
	case <-token.Done():
		if err := token.Error(); err != nil {
			return c.tokenError(err)
		}
		return nil
	case <-c.ended:
		return c.endedError()
	case <-ctx.Done():
		return ctx.Err()
	}
}

func topics(filters []Filter) string {
	names := make([]string, len(filters))
	for i, f := range filters {
		names[i] = f.Topic
	}
	return strings.Join(names, ", ")
}
