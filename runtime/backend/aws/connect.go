package aws

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/credentials"
	"github.com/cloudgen/cloudgen/runtime/mqtt"
)

// Connect makes a connection: CONNECT and its answer, EventConnected, subscriptions unless the service has kept the session, EventReady,
// request of the shadow. It takes at most AWS_IOT_CONNECT_TIMEOUT_SECONDS and ends early with ctx or Disconnect.
func (b *Backend) Connect(ctx context.Context) (cloud.ConnectResult, error) {
	ctx, cancel := context.WithTimeout(ctx, b.config.ConnectTimeout)
	defer cancel()
	s, result, err := b.begin(ctx, cancel)
	if err != nil {
		return result, err
	}
	conn, err := b.dial(ctx)
	if err != nil {
		b.drop(s)
		return connectResult(err), b.explain(err)
	}
	if !b.adopt(s, conn) { // Disconnect came in between
		conn.Close()
		b.drop(s)
		return cloud.ConnectErrMisc, fmt.Errorf("aws: connect: %w", context.Canceled)
	}
	b.NotifyEvent(b, cloud.Event{Type: cloud.EventConnected, PersistentSession: conn.SessionPresent()})
	go b.run(s)
	if err := b.subscribe(ctx, conn); err != nil {
		return b.abandon(s, err)
	}
	b.NotifyEvent(b, cloud.Event{Type: cloud.EventReady})
	close(s.settled)
	if b.config.AutoDeviceShadowRequest {
		if err := b.RequestConfig(ctx); err != nil {
			b.logger.Debug("shadow not requested", "error", err)
		}
	}
	return cloud.ConnectSuccess, nil
}

// abandon ends a session whose subscriptions have failed, and waits for its end.
func (b *Backend) abandon(s *session, err error) (cloud.ConnectResult, error) {
	b.mu.Lock()
	byUser := s.byUser
	if !byUser && !errors.Is(err, mqtt.ErrClosed) {
		s.failed = err
	}
	b.mu.Unlock()
	s.conn.Close()
	close(s.settled)
	<-s.done
	if !byUser && errors.Is(err, mqtt.ErrClosed) && s.ended != nil {
		err = s.ended
	}
	err = fmt.Errorf("aws: connect to %s: %w", b.target.Name(), err)
	switch {
	case byUser || errors.Is(err, context.Canceled):
		return cloud.ConnectErrMisc, err
	case errors.Is(err, context.DeadlineExceeded):
		return cloud.ConnectErrTimeoutNoData, err
	}
	return cloud.ConnectErrBackend, err
}

// begin reserves the session, once an earlier one whose connection is gone has ended.
func (b *Backend) begin(ctx context.Context, cancel context.CancelFunc) (*session, cloud.ConnectResult, error) {
	for {
		b.mu.Lock()
		earlier := b.session
		switch {
		case !b.initialized:
			b.mu.Unlock()
			return nil, cloud.ConnectErrNotInitd, fmt.Errorf("aws: connect: %w", cloud.ErrNotInitialized)
		case earlier == nil:
			s := &session{cancel: cancel, settled: make(chan struct{}), done: make(chan struct{})}
			b.session = s
			b.mu.Unlock()
			return s, cloud.ConnectSuccess, nil
		case earlier.conn == nil || earlier.conn.Err() == nil:
			b.mu.Unlock()
			return nil, cloud.ConnectErrAlreadyConnected, errors.New("aws: connect: a connection exists or is being made")
		}
		b.mu.Unlock()
		select {
		case <-earlier.done:
		case <-ctx.Done():
			return nil, cloud.ConnectErrMisc, fmt.Errorf("aws: connect: the earlier connection is still being closed: %w", ctx.Err())
		}
	}
}

// adopt gives a session its connection, unless Disconnect was called.
func (b *Backend) adopt(s *session, conn *mqtt.Connection) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s.byUser {
		return false
	}
	s.conn, s.since, s.wake = conn, time.Now(), make(chan struct{}, 1)
	s.alarm = time.AfterFunc(time.Hour, func() {
		select {
		case s.wake <- struct{}{}:
		default: // it is woken already
		}
	})
	s.alarm.Stop()
	b.accepted = true
	if !conn.SessionPresent() { // nothing that was sent before can come now
		b.shadow = shadowVersion{}
		for i := range b.application {
			b.application[i].subscribed = false
		}
	}
	return true
}

// drop ends a session.
func (b *Backend) drop(s *session) {
	b.mu.Lock()
	b.session = nil
	b.mu.Unlock()
	close(s.done)
}

// Disconnect closes the connection, or ends the attempt to make one. EventDisconnected follows, where there was a connection. It may be
// called from the handler.
func (b *Backend) Disconnect() error {
	b.mu.Lock()
	s, initialized := b.session, b.initialized
	b.mu.Unlock()
	switch {
	case !initialized:
		return fmt.Errorf("aws: disconnect: %w", cloud.ErrNotInitialized)
	case s == nil:
		return fmt.Errorf("aws: disconnect: %w", cloud.ErrNotConnected)
	}
	b.end(s)
	return nil
}

func (b *Backend) end(s *session) {
	b.mu.Lock()
	s.byUser = true
	conn := s.conn
	b.mu.Unlock()
	s.cancel()
	if conn != nil {
		conn.Close()
	}
}

// run is the goroutine of a session: it takes what the cloud sends until the connection ends.
func (b *Backend) run(s *session) {
	for {
		event, ok := s.conn.NextOr(s.wake)
		if !ok {
			break
		}
		if event.Kind == mqtt.EventWoken {
			b.due()
		} else {
			b.take(event)
		}
	}
	cause := s.conn.Err()
	s.conn.Close()
	b.mu.Lock()
	s.alarm.Stop()
	b.requests.reset()
	reason := disconnectReason(cause)
	if again := b.closures.ended(time.Since(s.since), reason == cloud.DisconnectClosedByRemote, b.id); again != nil {
		cause = fmt.Errorf("%w; %w", cause, again)
	}
	s.ended = cause
	b.mu.Unlock()
	<-s.settled // EventReady never comes after EventDisconnected
	b.mu.Lock()
	failed := s.failed
	b.mu.Unlock()
	event := cloud.Event{Type: cloud.EventDisconnected, Reason: reason, Err: cause}
	switch {
	case failed != nil:
		event.Reason, event.Err = cloud.DisconnectMisc, failed
	case event.Reason == cloud.DisconnectUserRequest:
		event.Err = nil
	}
	if b.jobs() {
		b.config.Jobs.Unusable()
	}
	b.NotifyEvent(b, event)
	b.drop(s)
}

func disconnectReason(cause error) cloud.DisconnectReason {
	var lost *mqtt.LostError
	if errors.As(cause, &lost) {
		switch lost.Loss {
		case mqtt.LossClosed:
			return cloud.DisconnectUserRequest
		case mqtt.LossByBroker:
			return cloud.DisconnectClosedByRemote
		case mqtt.LossProtocol:
			return cloud.DisconnectInvalidRequest
		}
	}
	return cloud.DisconnectMisc
}

// connectResult gives the Cloud API's result of a failed attempt.
func connectResult(err error) cloud.ConnectResult {
	var fault *credentials.Error
	if errors.As(err, &fault) {
		switch fault.Kind {
		case credentials.KindPrivateKey:
			return cloud.ConnectErrPrvKey
		case credentials.KindCertificate:
			return cloud.ConnectErrCert
		}
		return cloud.ConnectErrCertMisc
	}
	var failure *mqtt.ConnectError
	if !errors.As(err, &failure) {
		return cloud.ConnectErrMisc
	}
	switch failure.Failure {
	case mqtt.FailureParameter:
		return cloud.ConnectErrInvalidParam
	case mqtt.FailureDNS, mqtt.FailureNetwork:
		return cloud.ConnectErrNetwork
	case mqtt.FailureTimeout:
		return cloud.ConnectErrTimeoutNoData
	case mqtt.FailureServerCertificate, mqtt.FailureClientCertificate:
		return cloud.ConnectErrCert
	case mqtt.FailureServerValidity:
		return cloud.ConnectErrCertMisc
	case mqtt.FailureTLS, mqtt.FailureTLSClosed, mqtt.FailureRefused, mqtt.FailureClosed, mqtt.FailureProtocol:
		return cloud.ConnectErrBackend
	}
	return cloud.ConnectErrMisc
}
