//go:build unix

package gen

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/cloudgen/cloudgen/gen/plan"
	"github.com/cloudgen/cloudgen/gen/write"
	"github.com/cloudgen/cloudgen/kconfig"
)

// signed gives the fake with two components that take the keys of one option, each of its own algorithm, and a default for one.
func signed(t *testing.T, ofTree []byte) fs.FS {
	t.Helper()
	sources := fake(t, "\tAddress uint32  `kconfig:\"ADDRESS\"`\n", "\tAddress uint32  `kconfig:\"ADDRESS\"`\n\tKeys    any     `slot:\"keys\"`\n",
		"source \"module/Kconfig.hcl\" {}\n", `source "module/Kconfig.hcl" {}
source "keys/*/Kconfig.hcl" {}
choice "KIND" {
  prompt  = "Kind"
  default = KIND_ED
  option "KIND_ED" {
    type   = bool
    prompt = "Ed25519"
  }
  option "KIND_EC" {
    type   = bool
    prompt = "ECDSA"
  }
}
`).(fstest.MapFS)
	for name, text := range map[string]string{
		"ed/Kconfig.hcl": "option \"KEY_FILE\" {\n  type = string\n  prompt = \"Keys\"\n  default {\n    value = \"tree.pem\"\n    mark = \"lab\"\n  }\n}\ncomponent \"keys\" {\n  if = KIND_ED\n}\n",
		"ed/tree.pem":    string(ofTree),
		"ed/ed.go":       "package ed\n\ntype Config struct {\n\tPublic []string `kconfig:\"KEY_FILE,key=ed25519\"`\n}\n\ntype Set struct{}\n\nfunc New(Config) (*Set, error) { return &Set{}, nil }\n",
		"ec/Kconfig.hcl": "component \"keys\" {\n  if = KIND_EC\n}\n",
		"ec/ec.go":       "package ec\n\ntype Config struct {\n\tPublic []string `kconfig:\"KEY_FILE,key=ecdsa-p256\"`\n}\n\ntype Set struct{}\n\nfunc New(Config) (*Set, error) { return &Set{}, nil }\n",
	} {
		sources["runtime/keys/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	return sources
}

func block(t *testing.T, label string, der []byte, err error) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der})
}

// keyPair gives both halves of a new key in PEM, and the public one as the generated code has it.
func keyPair(t *testing.T, curve elliptic.Curve) (private, public []byte, encoded string) {
	t.Helper()
	var key crypto.Signer
	var err error
	if curve == nil {
		_, key, err = ed25519.GenerateKey(rand.Reader)
	} else {
		key, err = ecdsa.GenerateKey(curve, rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	public = block(t, "PUBLIC KEY", der, err)
	encoded = base64.StdEncoding.EncodeToString(der)
	der, err = x509.MarshalPKCS8PrivateKey(key)
	return block(t, "PRIVATE KEY", der, err), public, encoded
}

// planKeys plans with layers: an overlay by its path and text, and arguments of -set.
func planKeys(t *testing.T, sources fs.FS, overlay, text string, set ...string) (*plan.Plan, kconfig.Diagnostics, *kconfig.Config) {
	t.Helper()
	tree, diags := kconfig.LoadTree(sources, "runtime/Kconfig.hcl")
	layer, found := kconfig.ParseOverlay(overlay, []byte("ONE = y\n"+text))
	last, more := kconfig.ParseSet(set)
	config, resolved := tree.Resolve(layer, last)
	if diags = slices.Concat(diags, found, more, resolved); diags.HasErrors() {
		t.Fatal(diags)
	}
	made, diags, err := Plan(config, sources, Settings{Name: "keys"})
	if err != nil {
		t.Fatal(err)
	}
	return made, diags, config
}

// TestKeyFiles reads keys beside an overlay, in the working folder for -set, by an absolute path, and beside the Kconfig.hcl of a default.
func TestKeyFiles(t *testing.T) {
	_, ofTree, inTree := keyPair(t, nil)
	_, first, one := keyPair(t, nil)
	_, second, two := keyPair(t, nil)
	_, third, ec := keyPair(t, elliptic.P256())
	sources := signed(t, ofTree)
	dir := t.TempDir()
	for name, text := range map[string][]byte{
		"product/keys/a.pem": first, "product/keys/both.pem": slices.Concat([]byte("old\n"), first, []byte("new\n"), second, first), "product/ec.pem": third, "here.pem": second,
	} {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	for _, test := range []struct {
		text, set string
		want      []string
		setting   string // of .config
	}{
		{"", "", []string{inTree}, "tree.pem"},
		{"KEY_FILE = \"keys/a.pem\"\n", "", []string{one}, "keys/a.pem"},
		{"KEY_FILE = \"../product/keys/both.pem\"\n", "", []string{one, two}, "../product/keys/both.pem"},
		{"KEY_FILE = \"keys/a.pem\"\n", "KEY_FILE=here.pem", []string{two}, "here.pem"},
		{"KEY_FILE = \"" + filepath.ToSlash(dir) + "/here.pem\"\n", "", []string{two}, filepath.ToSlash(dir) + "/here.pem"},
		{"KEY_FILE = \"ec.pem\"\nKIND_EC = y\n", "", []string{ec}, "ec.pem"},
		{"KEY_FILE = \"\"\n", "", nil, ""},
	} {
		var set []string
		if test.set != "" {
			set = append(set, test.set)
		}
		made, diags, config := planKeys(t, sources, "product/overlay.hcl", test.text, set...)
		if diags.HasErrors() {
			t.Errorf("%q: %v", test.text, diags)
			continue
		}
		if marked := slices.ContainsFunc(made.Marks, func(mark plan.Mark) bool { return mark.Name == "lab" }); marked != (test.setting == "tree.pem") {
			t.Errorf("%q: marks %v", test.text, made.Marks)
		}
		var got []string
		if fields := made.CloudModule.Slots[0].Components[0].Config.Fields; len(fields) > 0 {
			got = fields[0].Values
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%q: %v, want %v", test.text, got, test.want)
		}
		files, err := Files(made, config, sources)
		if err != nil {
			t.Fatal(err)
		}
		text := string(files[slices.IndexFunc(files, func(file write.File) bool { return file.Path == "config.go" })].Data)
		for _, each := range test.want {
			if !strings.Contains(text, "\t\t\t\""+each+"\",\n") {
				t.Errorf("%q: config.go lacks %s:\n%s", test.text, each, text)
			}
		}
		if dotConfig := string(config.DotConfig()); !strings.Contains(dotConfig, "CONFIG_KEY_FILE=\""+test.setting+"\"\n") {
			t.Errorf("%q: .config has not the value as it was written:\n%s", test.text, dotConfig)
		}
		if test.setting == "keys/a.pem" { // the output does not depend on where it is made
			out := t.TempDir()
			put(t, out, files)
			goCommand(t, out, "vet", "./...")
		}
	}
}

// TestKeyFilesFromAnyFolder generates the same from two folders.
func TestKeyFilesFromAnyFolder(t *testing.T) {
	_, public, _ := keyPair(t, nil)
	sources := signed(t, public)
	var plans [][]byte
	for range 2 {
		t.Chdir(t.TempDir())
		if err := os.WriteFile("k.pem", public, 0o644); err != nil {
			t.Fatal(err)
		}
		made, diags, _ := planKeys(t, sources, "overlay.hcl", "KEY_FILE = \"k.pem\"\n")
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		text, err := json.Marshal(made)
		if err != nil {
			t.Fatal(err)
		}
		plans = append(plans, text)
	}
	if !bytes.Equal(plans[0], plans[1]) {
		t.Error("two folders gave two plans")
	}
}

func TestKeyFilesRefused(t *testing.T) {
	private, public, _ := keyPair(t, nil)
	_, ecPublic, _ := keyPair(t, elliptic.P256())
	_, otherCurve, _ := keyPair(t, elliptic.P384())
	sources := signed(t, public)
	without, broken := signed(t, nil).(fstest.MapFS), signed(t, []byte("x"))
	delete(without, "runtime/keys/ed/tree.pem")
	t.Chdir(t.TempDir())
	for name, text := range map[string][]byte{
		"private.pem": slices.Concat(public, private), "ec.pem": ecPublic, "p384.pem": otherCurve, "text.pem": []byte("hello"),
		"big.pem": slices.Concat(bytes.Repeat([]byte("#"), 1<<20), public),
	} {
		if err := os.WriteFile(name, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir("folder", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo("pipe", 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"missing.pem": "KEY_FILE names a file of public keys that cannot be read: missing.pem: no such file or directory → cloudgen keygen -type ed25519 -o K.pem makes a key, and the file K.pub.pem of its public half, which belongs here",
		"folder":      "KEY_FILE names a file of public keys that cannot be read: folder: it is no file → cloudgen keygen -type",
		"pipe":        "KEY_FILE names a file of public keys that cannot be read: pipe: it is no file → cloudgen keygen -type",
		"private.pem": "KEY_FILE names private.pem, and it holds a private key: only the public half goes to devices → name the file of the public half: cloudgen keygen",
		"ec.pem":      "KEY_FILE names ec.pem, which holds a key of ecdsa-p256 where ed25519 is wanted → KIND_EC = y",
		"p384.pem":    "KEY_FILE names p384.pem, which holds a key of ecdsa on P-384 where ed25519 is wanted → make a key that is taken: cloudgen keygen -type ed25519",
		"text.pem":    "KEY_FILE names text.pem, which is no file of public keys: it is no PEM file: there is no line -----BEGIN PUBLIC KEY----- in it → name a file as",
		"big.pem":     "KEY_FILE names big.pem, which is no file of public keys: it has more than 1048576 bytes → name a file as",
	} {
		made, diags, config := planKeys(t, sources, "overlay.hcl", "KEY_FILE = \""+name+"\"\n")
		found := slices.IndexFunc(diags, func(d kconfig.Diagnostic) bool { return d.Code == plan.CodeKeys })
		if made != nil || found < 0 || slices.ContainsFunc(diags[found+1:], func(d kconfig.Diagnostic) bool { return d.Code == plan.CodeKeys }) {
			t.Errorf("%s: %v", name, diags)
			continue
		}
		d := diags[found]
		if got := "overlay.hcl:2:1: error[E078]: " + want; !strings.HasPrefix(d.String()+" → "+d.Fix, got) {
			t.Errorf("%s: got\n%s → %s\nwant\n%s", name, d, d.Fix, want)
		}
		var text bytes.Buffer
		if err := diags.WriteText(&text, config.Sources()); err != nil {
			t.Fatal(err)
		}
		secret, _ := pem.Decode(private)
		if lines := strings.Split(base64.StdEncoding.EncodeToString(secret.Bytes), "\n"); strings.Contains(text.String(), lines[0][:40]) {
			t.Error("the private key is shown")
		}
	}
	for _, sources := range []fs.FS{without, broken} {
		if made, diags, _ := planKeys(t, sources, "overlay.hcl", ""); made != nil || !has(diags, plan.CodeKeys) || !strings.Contains(diags.Err().Error(), "runtime/keys/ed/tree.pem") {
			t.Errorf("%v", diags)
		}
	}
}
