// Command publish publishes with paho alone, at QoS 1 and over mutual TLS, and says what that took. The rate of the backend of AWS IoT Core
// (test/bench/publish) is stated as a ratio to it.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/cloudgen/cloudgen/test/bench/stopwatch"
)

func main() {
	endpoint := flag.String("endpoint", "localhost:8883", "HOST:PORT of the broker")
	folder := flag.String("credentials", ".", "folder with ca.pem, cert.pem and key.pem")
	count := flag.Int("count", 1000, "how many messages")
	window := flag.Int("window", 20, "how many may wait for their acknowledgement")
	size := flag.Int("size", 200, "bytes of a message")
	flag.Parse()
	if err := publish(*endpoint, *folder, *count, *window, *size); err != nil {
		slog.Error("publish", "error", err)
		os.Exit(1)
	}
}

func publish(endpoint, folder string, count, window, size int) error {
	certificate, err := tls.LoadX509KeyPair(filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem"))
	if err != nil {
		return err
	}
	authority, err := os.ReadFile(filepath.Join(folder, "ca.pem"))
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	options := mqtt.NewClientOptions().AddBroker("tls://" + endpoint).SetClientID("bench").SetAutoReconnect(false).SetWriteTimeout(time.Minute).
		SetKeepAlive(1200 * time.Second).
		SetTLSConfig(&tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool, Certificates: []tls.Certificate{certificate}})
	client := mqtt.NewClient(options)
	if token := client.Connect(); token.Wait() && token.Error() != nil {
		return token.Error()
	}
	defer client.Disconnect(1000)
	payload := make([]byte, size)
	sent := make(chan mqtt.Token, window)
	acknowledged := make(chan error, 1)
	watch, err := stopwatch.Start()
	if err != nil {
		return err
	}
	go func() {
		var failed error
		for range count {
			if token := <-sent; token.Wait() && token.Error() != nil {
				failed = token.Error()
			}
		}
		acknowledged <- failed
	}()
	for range count {
		sent <- client.Publish("bench/messages", 1, false, payload)
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
