// Command lwm2m is the smallest program that does with libraries alone what every LwM2M firmware needs: it dials with go-coap over pion/dtls
// with a pre-shared key, asks the server once, stays, and calls slog, encoding/json, flag and fxamacker/cbor once each. The firmware's size
// and memory are stated as ratios to it.
package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"flag"
	"log/slog"
	"os"
	"os/signal"
	"time"

	"github.com/fxamacker/cbor/v2"
	piondtls "github.com/pion/dtls/v3"
	"github.com/plgd-dev/go-coap/v3/dtls"
)

func main() {
	endpoint := flag.String("endpoint", "localhost:5684", "HOST:PORT of the server")
	identity := flag.String("identity", "floor", "identity of the pre-shared key")
	key := flag.String("key", "", "pre-shared key in hexadecimal")
	flag.Parse()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if err := connect(*endpoint, *identity, *key, log); err != nil {
		log.Error("floor", "error", err)
		os.Exit(1)
	}
	interrupt := make(chan os.Signal, 1)
	signal.Notify(interrupt, os.Interrupt)
	<-interrupt
}

func connect(endpoint, identity, key string, log *slog.Logger) error {
	secret, err := hex.DecodeString(key)
	if err != nil {
		return err
	}
	//nolint:staticcheck // go-coap's example for this pinned version; pion keeps the struct until its next major version
	connection, err := dtls.Dial(endpoint, &piondtls.Config{
		PSK:                   func([]byte) ([]byte, error) { return secret, nil },
		PSKIdentityHint:       []byte(identity),
		CipherSuites:          []piondtls.CipherSuiteID{piondtls.TLS_PSK_WITH_AES_128_CCM_8},
		ConnectionIDGenerator: piondtls.OnlySendCIDGenerator(),
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	response, err := connection.Get(ctx, "/")
	if err != nil {
		return err
	}
	encoded, err := cbor.Marshal(map[string]any{"code": response.Code().String()})
	if err != nil {
		return err
	}
	state, err := json.Marshal(map[string]any{"connected": true, "cbor": len(encoded)})
	if err != nil {
		return err
	}
	log.Info("floor", "state", string(state))
	return nil
}
