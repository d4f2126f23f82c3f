package main

import (
	"bytes"
	"os"
	"testing"
)

// TestReferenceIsFresh compares the committed option reference with what the command prints.
func TestReferenceIsFresh(t *testing.T) {
	const file = "../../docs/options/" + referenceFile
	var stdout, stderr bytes.Buffer
	if status := run(t.Context(), []string{"docs"}, &stdout, &stderr); status != exitDone {
		t.Fatalf("exit status %d: %s", status, stderr.String())
	}
	committed, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(stdout.Bytes(), committed) {
		t.Errorf("%s is stale: go generate ./cmd/cloudgen", file)
	}
}
