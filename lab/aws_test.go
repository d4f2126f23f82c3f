package lab

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen/lab/internal/rawmqtt"
)

// An image goes from the store into a job, whose document has a placeholder, and from the file host to a device that knows no more than the
// document and the lab's authority; after a restart the same account is there.
func TestAWSImages(t *testing.T) {
	dir := t.TempDir()
	serve := func() *AWS {
		t.Helper()
		service, err := Serve(t.Context(), "aws", ServeOptions{Dir: dir, Listen: "localhost:0"})
		if err != nil {
			t.Fatal(err)
		}
		return service.(*AWS)
	}
	service := serve()
	image := strings.Repeat("image ", 1000)
	ask := func(method, path, body string) string {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, service.Control()+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Close = true
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("%s %s: %d %s, %v", method, path, response.StatusCode, text, err)
		}
		return string(text)
	}
	credentials := filepath.Join(service.CredentialsDir(), fmt.Sprint(DefaultTag))
	certificate, err := tls.LoadX509KeyPair(filepath.Join(credentials, "cert.pem"), filepath.Join(credentials, "key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	ca, err := os.ReadFile(filepath.Join(credentials, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	config := &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{certificate}}
	device, err := rawmqtt.Dial(t.Context(), service.FirmwareEndpoint(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	if _, _, err := device.Connect(rawmqtt.Session{ID: "dev"}); err != nil {
		t.Fatal(err)
	}
	ask("PUT", "/lab/files/app/2.bin", image)
	ask("PUT", "/jobs/j", `{"targets":["arn:aws:iot:us-east-1:000000000000:thing/dev"],"presignedUrlConfig":{"roleArn":"arn:aws:iam::000000000000:role/any"},
		"document":"{\"location\":{\"url\":\"${aws:iot:s3-presigned-url:https://firmware.s3.us-east-1.amazonaws.com/app/2.bin}\"}}"}`)
	if err := device.Publish("$aws/things/dev/jobs/start-next", "{}", 0, 0); err != nil {
		t.Fatal(err)
	}
	answer, err := device.Expect(rawmqtt.Publish)
	if err != nil {
		t.Fatal(err)
	}
	var started struct {
		Execution struct {
			JobDocument struct{ Location struct{ URL string } }
		}
	}
	if err := json.Unmarshal(answer.Payload, &started); err != nil {
		t.Fatal(err)
	}
	url := started.Execution.JobDocument.Location.URL
	if !strings.HasPrefix(url, service.FileHost()+"/firmware/app/2.bin?X-Amz-") {
		t.Fatalf("the document has %s", answer.Payload)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if got, err := io.ReadAll(response.Body); err != nil || string(got) != image {
		t.Errorf("%d, %d bytes, %v", response.StatusCode, len(got), err)
	}
	if err := service.Close(); err != nil {
		t.Fatal(err)
	}
	service = serve()
	if got := ask("GET", "/things/dev/jobs/j", ""); !strings.Contains(got, `"status":"IN_PROGRESS"`) {
		t.Errorf("after a restart: %s", got)
	}
	if err := service.Close(); err != nil {
		t.Fatal(err)
	}
}
