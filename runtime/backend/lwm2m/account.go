package lwm2m

import (
	"bytes"
	"errors"
	"net/url"

	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/security"
)

// accountsName is the file of the data folder that keeps what a bootstrap server has written. It holds keys.
const accountsName = "lwm2m-accounts"

// accountsFile implements client.Store.
type accountsFile struct{ folder *durable.Folder }

func (f accountsFile) Load() ([]byte, error)     { return f.folder.Read(accountsName) }
func (f accountsFile) Save(content []byte) error { return f.folder.Write(accountsName, content) }

// serverURI gives the URI of the server that was configured, with the host and port that may take the place of its own.
func serverURI(configured, endpoint string) (string, error) {
	uri, err := url.Parse(configured)
	if err != nil {
		return "", errorf("lwm2m: LWM2M_CLIENT_UTILS_SERVER: %w", err)
	}
	if endpoint != "" {
		uri.Host = endpoint
	}
	return uri.String(), nil
}

// tag is the security tag of the configured server.
func (b *Backend) tag() int {
	if b.config.Client.Bootstrap {
		return b.config.BootstrapTag
	}
	return b.config.ServerTag
}

// account gives the account of the configured server, or of the bootstrap server in its place, with its credentials as they are now. Where the
// security tag has no psk_id, the identity is the endpoint name.
func (b *Backend) account(endpoint string) (security.Account, error) {
	account := security.Account{URI: b.server, Bootstrap: b.config.Client.Bootstrap, Mode: security.NoSec}
	if target, err := security.ParseURI(b.server, b.config.Client.PeerPort); err != nil || !target.Secure {
		return account, err
	}
	if b.device.Credentials == nil {
		return account, errors.New("lwm2m: there are no credentials, and coaps needs a pre-shared key")
	}
	psk, err := b.device.Credentials.PSK(b.tag(), endpoint)
	if err != nil {
		return account, errorf("lwm2m: %w", err)
	}
	account.Mode, account.Identity, account.Key = security.PSK, []byte(psk.Identity), psk.Key
	return account, nil
}

// renew gives the client the credentials of the configured server where they have been exchanged since it got them. What a bootstrap server
// has written is left alone. The token of b.life is held.
func (b *Backend) renew(r *running) error {
	endpoint, err := b.ID()
	if err != nil || b.manual() {
		return err
	}
	account, err := b.account(endpoint)
	if err != nil {
		return err
	}
	if bytes.Equal(account.Identity, r.account.Identity) && bytes.Equal(account.Key, r.account.Key) {
		return nil
	}
	at := lwm2m.NewPath(objectSecurity, 0) // where the client puts it
	store := r.client.Tree()
	if uri, found := store.Get(at.Child(securityURI)); found && uri.Text() == account.URI {
		if err := store.Set(
			lwm2m.Item{Path: at.Child(securityIdentity), Value: lwm2m.Opaque(account.Identity)},
			lwm2m.Item{Path: at.Child(securityKey), Value: lwm2m.Opaque(account.Key)},
		); err != nil {
			return errorf("lwm2m: the credentials cannot be exchanged: %w", err)
		}
	}
	r.account = account
	return nil
}

// Object 0 and those of its resources that matter here.
const (
	objectSecurity    = 0
	securityURI       = 0
	securityBootstrap = 1
	securityIdentity  = 3
	securityKey       = 5
)

// serverKey gives identity and key of the first server that is no bootstrap server.
func (r *running) serverKey() (identity, key []byte, found bool) {
	store := r.client.Tree()
	for _, instance := range store.Children(lwm2m.NewPath(objectSecurity)) {
		at := lwm2m.NewPath(objectSecurity, instance)
		if bootstrap, _ := store.Get(at.Child(securityBootstrap)); bootstrap.Bool() {
			continue
		}
		identity, _ := store.Get(at.Child(securityIdentity))
		if key, found := store.Get(at.Child(securityKey)); found && len(key.Bytes()) > 0 {
			return identity.Bytes(), key.Bytes(), true
		}
	}
	return nil, nil, false
}
