// Command mqtt is the smallest program that does with libraries alone what every MQTT firmware needs: it connects with paho over
// mutual TLS, stays connected, and calls slog, encoding/json, flag and net/http's client once each. The firmware's size and memory
// are stated as ratios to it.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

func main() {
	endpoint := flag.String("endpoint", "localhost:8883", "HOST:PORT of the broker")
	folder := flag.String("credentials", ".", "folder with ca.pem, cert.pem and key.pem")
	fetch := flag.String("fetch", "", "URL to fetch once")
	flag.Parse()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if err := connect(*endpoint, *folder, *fetch, log); err != nil {
		log.Error("floor", "error", err)
		os.Exit(1)
	}
	interrupt := make(chan os.Signal, 1)
	signal.Notify(interrupt, os.Interrupt)
	<-interrupt
}

func connect(endpoint, folder, fetch string, log *slog.Logger) error {
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
	options := mqtt.NewClientOptions().AddBroker("tls://" + endpoint).SetClientID("floor").SetKeepAlive(1200 * time.Second).
		SetTLSConfig(&tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool, Certificates: []tls.Certificate{certificate}})
	client := mqtt.NewClient(options)
	if token := client.Connect(); token.Wait() && token.Error() != nil {
		return token.Error()
	}
	if fetch != "" {
		response, err := http.Get(fetch)
		if err != nil {
			return err
		}
		response.Body.Close()
	}
	state, err := json.Marshal(map[string]any{"connected": true})
	if err != nil {
		return err
	}
	log.Info("floor", "state", string(state))
	return nil
}
