package aws

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"sync"

	"github.com/cloudgen/cloudgen/lab/broker"
)

// presence knows who is connected, and what the lifecycle events tell (developer guide, "Lifecycle events").
type presence struct {
	mu       *sync.Mutex
	online   map[string]broker.Client // by client id
	versions map[string]int64         // of the events; one number a connection
}

func newPresence() presence {
	return presence{mu: &sync.Mutex{}, online: map[string]broker.Client{}, versions: map[string]int64{}}
}

// mostClients bounds what is remembered of client ids: the numbers of their connections, the things of the lab's first device.
const mostClients = 10000

// principals gives the certificate of each connected client.
func (p presence) principals() map[string]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := map[string]string{}
	for id, client := range p.online {
		all[id] = client.Principal
	}
	return all
}

// Connection is a connected client.
type Connection struct {
	Client      string `json:"clientId"`
	Certificate string `json:"certificateId"`
	Thing       string `json:"thingName,omitempty"`
	Remote      string `json:"remote"`
	Version     byte   `json:"mqtt"` // 4: 3.1.1; 5
	Protocol    string `json:"alpn,omitempty"`
}

// Connections gives the connected clients.
func (c *Cloud) Connections() []Connection {
	c.presence.mu.Lock()
	defer c.presence.mu.Unlock()
	all := []Connection{}
	for _, id := range c.broker.Clients() {
		client, ok := c.presence.online[id]
		if !ok {
			continue
		}
		connection := Connection{Client: id, Certificate: client.Principal, Remote: client.Remote, Version: client.Version, Protocol: client.Protocol}
		if l, ok := client.Local.(*link); ok && l.client.Thing != nil {
			connection.Thing = l.client.Thing.Name
		}
		all = append(all, connection)
	}
	return all
}

// presenceEvent is what the lifecycle topics carry.
type presenceEvent struct {
	ClientID    string `json:"clientId"`
	Timestamp   int64  `json:"timestamp"` // ms
	EventType   string `json:"eventType"`
	Session     string `json:"sessionIdentifier"`
	Principal   string `json:"principalIdentifier"`
	Address     string `json:"ipAddress,omitempty"`
	ByClient    *bool  `json:"clientInitiatedDisconnect,omitempty"`
	Reason      string `json:"disconnectReason,omitempty"`
	VersionInfo int64  `json:"versionNumber"`
}

func (c *Cloud) connected(client broker.Client) {
	<-c.ready
	c.presence.mu.Lock()
	c.presence.online[client.ID] = client
	if len(c.presence.versions) > mostClients { // the numbers of absent clients may begin anew: the service's do after about an hour
		maps.DeleteFunc(c.presence.versions, func(id string, _ int64) bool { _, online := c.presence.online[id]; return !online })
	}
	c.presence.versions[client.ID]++
	version := c.presence.versions[client.ID]
	c.presence.mu.Unlock()
	if !c.identity.active(client.Principal) { // it was deactivated while the client connected
		c.broker.Disconnect(client.ID)
	}
	event := presenceEvent{EventType: "connected", VersionInfo: version}
	if address := addressOf(client.Remote); address.IsValid() {
		event.Address = address.String()
	}
	c.presenceEvent(client, event)
}

func (c *Cloud) disconnected(client broker.Client, reason string) {
	<-c.ready
	c.presence.mu.Lock()
	version := c.presence.versions[client.ID]
	if now := c.presence.online[client.ID]; now.Remote == client.Remote {
		delete(c.presence.online, client.ID)
	}
	c.presence.mu.Unlock()
	byClient := reason == broker.ReasonClient
	c.presenceEvent(client, presenceEvent{EventType: "disconnected", ByClient: &byClient, Reason: reason, VersionInfo: version})
}

// presenceEvent publishes the event; clients whose ids have wildcards or slashes have none.
func (c *Cloud) presenceEvent(client broker.Client, event presenceEvent) {
	if client.ID == "" || strings.ContainsAny(client.ID, "+#/") {
		return
	}
	session := sha256.Sum256(fmt.Appendf(nil, "%s %s", client.ID, client.Remote))
	event.ClientID, event.Principal, event.Timestamp = client.ID, client.Principal, c.clock.Now().UnixMilli()
	event.Session = hex.EncodeToString(session[:16])
	payload, err := json.Marshal(event)
	if err != nil {
		return // made of texts and numbers
	}
	// After Close nobody is there to be told.
	_ = c.broker.Publish("$aws/events/presence/"+event.EventType+"/"+client.ID, payload, 1, false)
}
