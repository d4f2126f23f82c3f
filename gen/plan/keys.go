package plan

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cloudgen/cloudgen/gen/bind"
	"github.com/cloudgen/cloudgen/gen/keys"
	"github.com/cloudgen/cloudgen/kconfig"
)

// wantedKeys is what a field asks of an option's file.
type wantedKeys struct{ option, algorithm string }

// keys gives the public keys of the file that an option names, each as the base64 of its SubjectPublicKeyInfo. What is wrong with the file is told
// once, however many fields want it.
func (m *maker) keys(value kconfig.Value, bound bind.Field) []string {
	wanted := wantedKeys{bound.Option, bound.Key}
	if known, read := m.keyFiles[wanted]; read {
		return known
	}
	m.keyFiles[wanted] = nil
	if value.Text == "" {
		return nil
	}
	name, text, err := m.keyFile(value)
	fail := func(format string, arguments ...any) *kconfig.Diagnostic {
		found := m.fail(CodeKeys, format, arguments...)
		if value.Reason.Range.Filename != "" {
			place := value.Reason.Range
			found.Subject = &place
		}
		found.Related = []kconfig.Related{{Message: "what the keys are for", Range: bound.Range}}
		return found
	}
	if err != nil {
		if failed, is := errors.AsType[*fs.PathError](err); is {
			err = failed.Err
		}
		found := fail("%s names a file of public keys that cannot be read: %s: %v", bound.Option, name, err)
		if value.Reason.Kind == kconfig.ReasonLayer {
			found.Detail = "A path counts from the folder of the overlay that sets it, and one of -set from the working folder."
		}
		found.Fix = fmt.Sprintf("cloudgen keygen -type %s -o K.pem makes a key, and the file K.pub.pem of its public half, which belongs here", bound.Key)
		return nil
	}
	found, err := keys.Parse(text)
	if errors.Is(err, keys.ErrPrivate) {
		wrong := fail("%s names %s, and %v: only the public half goes to devices", bound.Option, name, err)
		wrong.Fix = "name the file of the public half: cloudgen keygen -o K.pem writes it to K.pub.pem, and openssl pkey -in K.pem -pubout -out K.pub.pem makes it of any key"
		return nil
	}
	if err != nil {
		fail("%s names %s, which is no file of public keys: %v", bound.Option, name, err).Fix = "name a file as cloudgen keygen writes it to K.pub.pem: one or more blocks PUBLIC KEY"
		return nil
	}
	var encoded []string
	for _, each := range found {
		if each.Algorithm != bound.Key {
			fail("%s names %s, which holds a key of %s where %s is wanted", bound.Option, name, each.Algorithm, bound.Key).Fix = m.otherKeys(bound, each.Algorithm)
			return nil
		}
		encoded = append(encoded, base64.StdEncoding.EncodeToString(each.Info))
	}
	m.keyFiles[wanted] = encoded
	return encoded
}

// keyFile finds and reads the file: beside what has set the option. The name is for people.
func (m *maker) keyFile(value kconfig.Value) (name string, text []byte, err error) {
	if value.Reason.Kind != kconfig.ReasonLayer { // of the tree
		name = path.Join(path.Dir(value.Reason.Range.Filename), value.Text)
		files := m.sources.FS()
		text, err = bounded(name, func(name string) (fs.FileInfo, error) { return fs.Stat(files, name) }, files.Open)
		return name, text, err
	}
	name = filepath.FromSlash(value.Text)
	if !filepath.IsAbs(name) {
		name = filepath.Join(filepath.Dir(value.Reason.By), name)
	}
	text, err = bounded(name, os.Stat, func(name string) (fs.File, error) { return os.Open(name) })
	return name, text, err
}

// bounded reads a file up to just over the size that is taken.
func bounded(name string, stat func(string) (fs.FileInfo, error), open func(string) (fs.File, error)) ([]byte, error) {
	info, err := stat(name) // to open a pipe would wait for somebody who writes
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is no file")
	}
	file, err := open(name)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(file, keys.MaxSize+1))
	return text, cmp.Or(err, file.Close())
}

// otherKeys says what takes keys of an algorithm: the condition of the component that is bound to the same option for it.
func (m *maker) otherKeys(bound bind.Field, algorithm string) string {
	for _, each := range m.config.Tree().Components() {
		in, err := m.sources.Package(each.Dir)
		if err != nil {
			continue
		}
		read, _, err := bind.Read(m.sources, in, "Config")
		if err != nil || read == nil || each.If == nil {
			continue
		}
		if slices.ContainsFunc(read.Fields, func(field bind.Field) bool { return field.Option == bound.Option && field.Key == algorithm }) {
			return cmp.Or(m.assign(each.If.String(), "y"), each.If.String())
		}
	}
	return fmt.Sprintf("make a key that is taken: cloudgen keygen -type %s (possible are %s)", bound.Key, strings.Join(keys.Algorithms(), " and "))
}
