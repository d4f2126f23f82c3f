package lwm2m

import (
	"errors"
	"fmt"
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

// accounts gives the account of the configured server, or of the bootstrap server in its place. With a console that starts the client by hand
// there is none: what the console writes counts.
func (b *Backend) accounts(endpoint string) ([]security.Account, error) {
	if b.manual() {
		return nil, nil
	}
	account, err := b.account(endpoint)
	if err != nil {
		return nil, err
	}
	return []security.Account{account}, nil
}

// account reads the configured server's credentials, as they are now. Where the security tag has no psk_id, the identity is the endpoint name.
func (b *Backend) account(endpoint string) (security.Account, error) {
	uri, err := url.Parse(b.config.Server)
	if err != nil {
		return security.Account{}, fmt.Errorf("lwm2m: LWM2M_CLIENT_UTILS_SERVER: %w", err)
	}
	if b.device.Endpoint != "" {
		uri.Host = b.device.Endpoint
	}
	account := security.Account{URI: uri.String(), Bootstrap: b.config.Client.Bootstrap, Mode: security.NoSec}
	if uri.Scheme != "coaps" {
		return account, nil
	}
	tag := b.config.ServerTag
	if account.Bootstrap {
		tag = b.config.BootstrapTag
	}
	if b.device.Credentials == nil {
		return security.Account{}, errors.New("lwm2m: there are no credentials, and coaps needs a pre-shared key")
	}
	psk, err := b.device.Credentials.PSK(tag, endpoint)
	if err != nil {
		return security.Account{}, fmt.Errorf("lwm2m: %w", err)
	}
	account.Mode, account.Identity, account.Key = security.PSK, []byte(psk.Identity), psk.Key
	return account, nil
}

// renew puts the credentials into the account as they are now: they may have been exchanged. An account that a bootstrap server has written is
// left alone.
func (b *Backend) renew(r *running, endpoint string) error {
	if b.manual() {
		return nil
	}
	account, err := b.account(endpoint)
	if err != nil {
		return err
	}
	at := lwm2m.NewPath(0, 0)
	store := r.client.Tree()
	if uri, found := store.Get(at.Child(0)); !found || uri.Text() != account.URI || account.Mode != security.PSK {
		return nil
	}
	return store.Set(
		lwm2m.Item{Path: at.Child(3), Value: lwm2m.Opaque(account.Identity)},
		lwm2m.Item{Path: at.Child(5), Value: lwm2m.Opaque(account.Key)},
	)
}
