package data

// Received is what a cloud backend hands to the cloud module, decoded. Each type of this file is one; there are no others.
type Received interface{ received() }

// Acknowledged says that the cloud has taken the message with this id.
type Acknowledged struct{ ID uint16 }

// PingAnswered says that the cloud answered a keep-alive: the radio is up.
type PingAnswered struct{}

// ConfigReceived carries a change of the real-time configuration.
type ConfigReceived struct{ Change ConfigurationChange }

// ConfigEmpty says that the cloud has no configuration for this device, which then reports its own.
type ConfigEmpty struct{}

// InputRejected says that the cloud sent something that cannot be used, and why. Nothing was changed by it.
type InputRejected struct {
	Source string // topic or path that it came by
	Err    error
}

// LocationFound is the answer to a LocationRequest.
type LocationFound struct {
	Latitude, Longitude float64 // degrees
	Accuracy            float64 // m
}

// LocationFailed says that the service could not tell the location (Unknown: it gives no answer to such requests).
type LocationFailed struct{ Unknown bool }

// AGNSSReceived carries assistance data in nRF Cloud's binary format.
type AGNSSReceived struct{ Payload []byte }

// PGPSReceived carries predictions, or where to fetch them, in nRF Cloud's format.
type PGPSReceived struct{ Payload []byte }

// CommandReceived carries a message of an application topic that the backend does not use itself.
type CommandReceived struct {
	Source  string // topic or path
	Payload []byte
}

// UserAssociationRequested says that the device waits for its user to claim it.
type UserAssociationRequested struct{}

// UserAssociated says that the user has claimed the device.
type UserAssociated struct{}

// RebootRequested says that the cloud wants the device to restart.
type RebootRequested struct{}

// LinkRequested says that the backend wants the network brought up or taken down.
type LinkRequested struct{ Up bool }

// Failed says that the backend cannot go on and a restart is the only cure. Refused connects, bad documents and failed sends are
// never reported so.
type Failed struct{ Err error }

func (Acknowledged) received()             {}
func (PingAnswered) received()             {}
func (ConfigReceived) received()           {}
func (ConfigEmpty) received()              {}
func (InputRejected) received()            {}
func (LocationFound) received()            {}
func (LocationFailed) received()           {}
func (AGNSSReceived) received()            {}
func (PGPSReceived) received()             {}
func (CommandReceived) received()          {}
func (UserAssociationRequested) received() {}
func (UserAssociated) received()           {}
func (RebootRequested) received()          {}
func (LinkRequested) received()            {}
func (Failed) received()                   {}
