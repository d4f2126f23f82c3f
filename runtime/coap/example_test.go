package coap_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/coap/coaptest"
)

// greeter answers GET /hello, in blocks where the greeting is long.
type greeter struct{}

func (greeter) Serve(r *coap.Request) coap.Response {
	if r.Code != coap.GET {
		return coap.Response{Message: coap.Message{Code: coap.MethodNotAllowed}}
	}
	if r.Options.Path() != "/hello" {
		return coap.Response{Message: coap.Message{Code: coap.NotFound}}
	}
	return coap.Response{Message: coap.Message{Code: coap.Content, Payload: []byte(strings.Repeat("hello ", 1000))}}
}

func Example() {
	near, far := coaptest.Pipe(coaptest.Impairments{Loss: 0.1, Seed: 1}) // or coap.DialUDP, or a dtls.Dialer
	client := coap.NewConn(near, coap.Config{AckTimeout: 50 * time.Millisecond}, nil, nil)
	server := coap.NewConn(far, coap.Config{BlockSize: 1024}, greeter{}, nil)

	var request coap.Message
	request.Code = coap.GET
	request.Options.AddString(coap.URIPath, "hello")
	response, err := client.Do(context.Background(), request)
	fmt.Println(response.Code, len(response.Payload), err)

	fmt.Println(client.Close(), server.Close())
	// Output:
	// 2.05 6000 <nil>
	// <nil> <nil>
}
