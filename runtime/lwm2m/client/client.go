// Package client is an LwM2M 1.1 client that runs: it joins the tree of objects, what servers ask of it (management), what is reported to
// them (reporting), when to register, update and sleep (registration), and the connection (coap) to one that needs only to be told its
// accounts and its objects.
//
// One goroutine, that of Run, owns all of it. Beside it there are those of the connection, which serve the server's requests, and one for
// each connecting and each request that runs; all have ended when Run returns. The client is registered with one server at a time.
package client

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/attribute"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/format"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/management"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/security"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/server"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/registration"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/reporting"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/tree"
)

// ErrClosed is what everything that is under way ends with when Run ends, and what is begun later.
var ErrClosed = errors.New("the LwM2M client has ended")

// Client is an LwM2M client. Its methods may be called from any goroutine.
type Client struct {
	config   Config
	options  Options
	logger   *slog.Logger
	tree     *tree.Tree
	codec    *format.Codec
	security *security.Object
	server   *server.Object
	watchers watchers
	workers  sync.WaitGroup // Host.Go, connecting, requests

	inbox inbox

	// The owner's.
	machine       *registration.Machine
	endpoint      string
	session       *session            // nil: no connection
	dialing       *dialing            // the connecting that runs; nil: none
	bootstrapping *tree.Snapshot      // what stood before the bootstrap that runs; nil: none runs
	told          map[lwm2m.Path]bool // instances that the server knows
	telling       map[lwm2m.Path]bool // those in the request that runs
	sends         []*send             // that wait
	running       int                 // Sends and notifications without outcome
	rebinding     bool
	ctx           context.Context // of Run

	// reports guards what both the owner and the connection's goroutine, while it serves, work on.
	reports struct {
		sync.Mutex
		machine    *reporting.Machine
		attributes *attribute.Store
		management *management.Server
	}

	ended chan struct{} // closed when the owner has ended

	mu      sync.Mutex
	begun   bool  // Run
	current State // for other goroutines
	ssid    uint16
}

// New makes a client, with its objects and the saved or the factory's accounts. It does nothing before Run and Start. An error names the option
// that has to change, or what is wrong with an account or an object.
func New(config Config, options Options) (*Client, error) {
	if err := config.check(options); err != nil {
		return nil, err
	}
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	if options.Plain == nil {
		options.Plain = &udp{}
	}
	c := &Client{config: config, options: options, logger: options.Logger, tree: tree.New(), codec: format.New(config.Formats), ended: make(chan struct{}), endpoint: options.Endpoint}
	c.inbox.wake = make(chan struct{}, 1)
	c.machine = registration.New(config.settings())
	c.reports.attributes = attribute.NewStore(attribute.Config{Max: config.MaxAttributes})
	c.reports.machine = reporting.New(reporting.Config{
		MaxObservations: config.MaxObservations, MaxPaths: config.MaxCompositePaths, CancelByPath: config.CancelByPath,
	}, &readable{c}, &effective{c})
	c.reports.machine.SetLink(reporting.Unreachable)
	if err := c.addObjects(); err != nil {
		return nil, err
	}
	c.reports.management = management.New(c.tree, c.codec, c.reports.attributes, management.Options{
		Observer: &observer{c}, Preferred: format.None, MaxPaths: config.MaxCompositePaths, CheckAccount: func(instance uint16) error {
			account := c.security.Account(instance)
			return c.checkAccount(&account)
		}, Finished: func(missing error) { c.post(func() { c.bootstrapFinished(missing) }) }, Logger: c.logger,
	})
	if err := c.addAccounts(); err != nil {
		return nil, err
	}
	c.tree.OnChange(c.changed)
	c.tree.OnStructure(func() { c.post(func() { c.step(registration.ObjectsChanged{}) }) })
	return c, nil
}

// addObjects puts the objects into the tree.
func (c *Client) addObjects() error {
	var err error
	if c.security, err = security.New(security.Config{KeySize: c.config.KeySize, Suites: c.config.MaxCipherSuites}); err != nil {
		return err
	}
	if c.server, err = server.New(server.Config{
		Lifetime: c.config.Lifetime, MinimumPeriod: c.config.MinimumPeriod, MaximumPeriod: c.config.MaximumPeriod,
	}); err != nil {
		return err
	}
	c.server.SetCommands(&commands{c})
	for _, object := range append([]lwm2m.Object{c.security, c.server}, c.options.Objects...) {
		if hosted, is := object.(lwm2m.Hosted); is {
			if c.options.Program == nil {
				definition := object.Definition()
				return errorf("object %d (%s) needs Options.Program", definition.ID, definition.Name)
			}
			hosted.SetHost(&host{Program: c.options.Program, client: c})
		}
		if err := c.tree.Add(object); err != nil {
			return err
		}
	}
	if n := c.config.SecurityInstances; n > 0 {
		c.tree.Limit(0, n)
	}
	if n := c.config.ServerInstances; n > 0 {
		c.tree.Limit(1, n)
	}
	return nil
}

// addAccounts brings the saved accounts back, or makes the factory's.
func (c *Client) addAccounts() error {
	if c.options.Manual {
		return c.tree.Create(lwm2m.NewPath(0, 0))
	}
	var servers []uint16 // short ids
	for i, account := range c.options.Accounts {
		if account.SSID == 0 && !account.Bootstrap {
			account.SSID = uint16(c.config.SSID)
		}
		if err := c.checkAccount(&account); err != nil {
			return err
		}
		if account.Bootstrap && !c.config.Bootstrap {
			return errorf("%s is a bootstrap server: set LWM2M_RD_CLIENT_SUPPORT_BOOTSTRAP", account.URI)
		}
		if err := c.security.Add(uint16(i), account); err != nil {
			return err
		}
		if account.Bootstrap {
			continue
		}
		switch {
		case c.config.ServerInstances > 0 && len(servers) >= c.config.ServerInstances:
			return errorf("there are more than LWM2M_SERVER_INSTANCE_COUNT = %d servers", c.config.ServerInstances)
		case slices.Contains(servers, account.SSID):
			return errorf("%s: another account has the short server id %d (LWM2M_SERVER_DEFAULT_SSID where it is not given)", account.URI, account.SSID)
		}
		if err := c.server.Add(uint16(len(servers)), account.SSID); err != nil {
			return err
		}
		servers = append(servers, account.SSID)
	}
	switch found, err := c.load(); {
	case errors.Is(err, errOtherFactory):
		c.logger.Info("lwm2m: the saved accounts are not used", "reason", err)
	case err != nil:
		c.logger.Error("lwm2m: the saved accounts cannot be used; those of the factory hold", "error", err)
	case found:
		c.logger.Info("lwm2m: saved accounts in use", "servers", len(c.server.Instances()))
	}
	return nil
}

// Tree gives the objects and their values.
func (c *Client) Tree() *tree.Tree { return c.tree }

// State tells where the client stands.
func (c *Client) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current
}

// Start begins to bootstrap or to register. It changes nothing where that goes on or has been done. Before Run it is remembered.
func (c *Client) Start() { c.post(func() { c.step(registration.Start{}) }) }

// StartAs is Start under another endpoint name, and with a bootstrap first if that is wanted, also where there is an account already. The instances of object 1 that
// were made by hand are completed with the defaults.
func (c *Client) StartAs(endpoint string, bootstrap bool) error {
	if err := c.config.checkEndpoint(endpoint); err != nil {
		return err
	}
	if bootstrap && !(&commands{c}).CanBootstrap() {
		return errors.New("object 0 has no account of a bootstrap server that can be used")
	}
	for _, id := range c.server.Instances() {
		if err := c.server.Complete(id); err != nil {
			return err
		}
	}
	c.post(func() {
		c.endpoint = endpoint
		c.step(registration.Configured{Configuration: c.configuration()})
		c.step(registration.Start{Bootstrap: bootstrap})
	})
	return nil
}

// Pause ends the connection without a word to the server and stops everything until Resume. The registration stands as long as its lifetime.
func (c *Client) Pause() { c.post(func() { c.step(registration.Pause{}) }) }

// Resume ends a Pause.
func (c *Client) Resume() { c.post(func() { c.step(registration.Resume{}) }) }

// Execute runs an executable resource as if the server had asked for it. It does not wait for what the resource leads to.
func (c *Client) Execute(path lwm2m.Path, arguments []lwm2m.Argument) error {
	c.reports.Lock()
	after, err := c.tree.Execute(c.serving(), path, arguments)
	c.reports.Unlock()
	if err == nil && after != nil {
		after()
	}
	return err
}

// Stop de-registers and ends the connection; the event Stopped tells when that is done. Run goes on, and Start begins again.
func (c *Client) Stop() { c.post(func() { c.step(registration.Stop{}) }) }

// Update sends an update of the registration, and wakes the device for it.
func (c *Client) Update() { c.post(func() { c.step(registration.UpdateRequested{}) }) }

// Wake wakes the device, without an Update where the options do not ask for one.
func (c *Client) Wake() { c.post(func() { c.step(registration.SendRequested{}) }) }

// NetworkChanged says that the device may have another address now. The connection goes on from there if its session allows it, or is made anew.
func (c *Client) NetworkChanged() { c.post(c.checkAddress) }

// Observations describes what the server observes.
func (c *Client) Observations() []reporting.Observation {
	c.reports.Lock()
	defer c.reports.Unlock()
	return c.reports.machine.Observations()
}

// ReportStats gives the counters of notifications.
func (c *Client) ReportStats() reporting.Stats {
	c.reports.Lock()
	defer c.reports.Unlock()
	return c.reports.machine.Stats()
}

// Run does the client's work until ctx ends, and gives nil then: connections are closed without a word to the server, whose registration of the
// client ends with its lifetime. Who wants to de-register calls Stop before, and waits for the event Stopped. A client runs once.
func (c *Client) Run(ctx context.Context) error {
	c.mu.Lock()
	again := c.begun
	c.begun = true
	c.mu.Unlock()
	if again {
		return errors.New("an LwM2M client runs once")
	}
	ctx, cancel := context.WithCancelCause(ctx)
	c.ctx = ctx
	c.own(ctx)
	cancel(ErrClosed)
	c.inbox.end()
	c.drain()
	c.disconnect()
	close(c.ended)
	c.workers.Wait()
	return nil
}

// own works until ctx ends.
func (c *Client) own(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	c.step(registration.Configured{Configuration: c.configuration()})
	for ctx.Err() == nil {
		c.drain()
		c.tick()
		var lost <-chan struct{}
		if c.session != nil {
			lost = c.session.conn.Done()
		}
		var due <-chan time.Time
		if at := c.deadline(); !at.IsZero() {
			timer.Reset(time.Until(at))
			due = timer.C
		}
		select {
		case <-ctx.Done():
		case <-c.inbox.wake:
		case <-due:
		case <-lost:
			err := c.session.conn.Err()
			c.noteAlert(err)
			c.step(registration.LinkLost{Err: err})
			if c.session != nil && c.session.conn.Err() != nil {
				c.disconnect() // the machine had no use for it any more
			}
		}
	}
}

// deadline is when something is due: zero for never.
func (c *Client) deadline() time.Time {
	at, found := c.machine.Deadline()
	c.reports.Lock()
	report := c.reports.machine.NextDeadline()
	c.reports.Unlock()
	if !found || !report.IsZero() && report.Before(at) {
		return report
	}
	return at
}

// tick lets time pass for both machines.
func (c *Client) tick() {
	event := registration.Tick{Busy: c.running > 0 || len(c.sends) > 0 && c.machine.Ready()}
	if c.session != nil {
		event.Activity = c.session.conn.LastActivity()
	}
	c.step(event)
	c.flushSends()
	c.report()
}
