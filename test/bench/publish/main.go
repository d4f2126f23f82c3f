// Command publish publishes with the backend of AWS IoT Core, at QoS 1, and says what that took; see test/bench/floor/publish.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/cloudgen/cloudgen/runtime/backend/aws"
	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/credentials"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/module"
	"github.com/cloudgen/cloudgen/runtime/mqtt"
	"github.com/cloudgen/cloudgen/test/bench/stopwatch"
)

func main() {
	endpoint := flag.String("endpoint", "localhost:8883", "HOST:PORT of the broker")
	folder := flag.String("credentials", ".", "folder of security tags")
	tag := flag.Int("tag", 42, "security tag")
	count := flag.Int("count", 1000, "how many messages")
	window := flag.Int("window", 20, "how many may wait for their acknowledgement")
	size := flag.Int("size", 200, "bytes of a message")
	flag.Parse()
	if err := publish(context.Background(), *endpoint, *folder, *tag, *count, *window, *size); err != nil {
		slog.Error("publish", "error", err)
		os.Exit(1)
	}
}

// config is what overlay-aws.hcl comes to, but that nobody asks for a shadow: the broker has none.
func config(tag int) aws.Config {
	return aws.Config{
		BrokerHostName: "localhost", ClientIDMaxLen: 40, ConnectTimeout: 30 * time.Second, GetRejected: true, UpdateDelta: true, DesiredConfig: true,
		MQTT: mqtt.Config{
			KeepAlive: 1200 * time.Second, CleanSession: true, TLS: true, Port: 8883, SecTag: tag, SecondarySecTag: -1,
			SendTimeout: true, SendTimeoutTime: time.Minute, PayloadMax: 4096,
		},
	}
}

func publish(ctx context.Context, endpoint, folder string, tag, count, window, size int) (err error) {
	backend, err := aws.New(config(tag), module.Device{
		ID:          func(context.Context) (string, error) { return "bench", nil },
		Credentials: credentials.Open(folder),
		Endpoint:    endpoint,
		Logger:      slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	backend.Bind(func(data.Received) {})
	waiting := make(chan struct{}, window)
	acknowledged := make(chan error, 1)
	left := count
	handler := func(_ cloud.Backend, event cloud.Event, _ any) {
		switch event.Type {
		case cloud.EventDataSent:
			<-waiting
			if left--; left == 0 {
				acknowledged <- nil
			}
		case cloud.EventDisconnected, cloud.EventError:
			select {
			case acknowledged <- fmt.Errorf("%v: %w", event.Type, errors.Join(event.Err, cloud.ErrNotConnected)):
			default: // it is over
			}
		}
	}
	if err := backend.Init(ctx, handler); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, backend.Uninit()) }()
	if _, err := backend.Connect(ctx); err != nil {
		return err
	}
	payload := make([]byte, size)
	watch, err := stopwatch.Start()
	if err != nil {
		return err
	}
	for i := range count {
		select {
		case waiting <- struct{}{}:
		case err := <-acknowledged: // the connection is gone
			return err
		}
		message := cloud.Message{
			ID: uint16(i%60000 + 1), Endpoint: cloud.Endpoint{Type: cloud.EndpointMsg}, QoS: cloud.QoSAtLeastOnce, Payload: payload,
		}
		if err := backend.Send(ctx, message); err != nil {
			return err
		}
	}
	if err := <-acknowledged; err != nil {
		return err
	}
	reading, err := watch.Stop(count)
	if err != nil {
		return err
	}
	return reading.Print(os.Stdout)
}
