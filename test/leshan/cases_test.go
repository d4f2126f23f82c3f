//go:build real

package leshan

import "strconv"

// group is a range of ids.
type group struct {
	title string
	below int // first id that is not in it
}

var groups = []group{
	{"Bootstrap", 100},
	{"Registration", 200},
	{"Device management", 300},
	{"Information reporting", 400},
	{"Security", 500},
	{"Core objects", 1000},
	{"Additional objects", 3000},
}

// etsCase is a case of the specification. A reason says why it is not run.
type etsCase struct{ id, title, reason string }

func (c etsCase) group() group {
	id, err := strconv.Atoi(c.id)
	if err != nil {
		panic(err)
	}
	for _, g := range groups {
		if id < g.below {
			return g
		}
	}
	panic("no group of " + c.id)
}

// Reasons.
const (
	noProcedure    = "the specification has the heading only"
	v12            = "LwM2M 1.2"
	certificates   = "certificates: not part of this client, pre-shared keys and NoSec are"
	tcp            = "the client speaks CoAP over UDP only"
	oscore         = "OSCORE: not part of this client"
	smartcard      = "no smartcard"
	severalServers = "several server accounts with access control: a later issue"
	noObject       = "the firmware has no such object"
)

var cases = []etsCase{
	{"0", "Client Initiated Bootstrap", ""},
	{"1", "Client Initiated Bootstrap Full (PSK)", ""},
	{"2", "Client Initiated Bootstrap Full (Cert)", certificates},
	{"3", "Simple Bootstrap from Smartcard", smartcard},
	{"4", "Bootstrap Delete", ""},
	{"5", "Server Initiated Bootstrap", ""},
	{"6", "Bootstrap Sequence", ""},
	{"7", "Fallback to bootstrap", ""},
	{"8", "Bootstrap Read", ""},
	{"9", "Bootstrap and Configuration Consistency", ""},
	{"10", "Client Initiated Bootstrap Full (EST)", certificates},
	{"11", "Client Initiated Bootstrap Full (OSCORE)", v12},
	{"12", "Bootstrap-Pack", v12},
	{"19", "Bootstrap over MQTT", v12},

	{"101", "Initial Registration", ""},
	{"102", "Registration Update", ""},
	{"103", "Deregistration", ""},
	{"104", "Registration Update Trigger", ""},
	{"105", "Discarded Register Update", ""},
	{"106", "TCP Binding", tcp},
	{"107", "Extending the lifetime of a registration", ""},
	{"108", "Turn on Queue Mode", ""},
	{"109", "Behavior in Queue Mode", ""},
	{"110", "Registration with Profile ID", v12},
	{"111", "Profile ID update", v12},

	{"201", "Querying basic information in Plain Text format", ""},
	{"202", "Querying basic information in Opaque format", noProcedure},
	{"203", "Querying basic information in TLV format", ""},
	{"204", "Querying basic information in JSON format", ""},
	{"205", "Setting basic information in Plain Text format", ""},
	{"210", "Setting basic information in Opaque format", noProcedure},
	{"211", "Querying basic information in CBOR format", ""},
	{"212", "Setting basic information in CBOR format", ""},
	{"215", "Setting basic information in TLV format", ""},
	{"220", "Setting basic information in JSON format", ""},
	{"221", "Attempt to perform operations on Security", ""},
	{"222", "Read on Object", ""},
	{"223", "Read on Object Instance", ""},
	{"224", "Read on Resource", ""},
	{"225", "Read on Resource Instance", ""},
	{"226", "Write (Partial Update) on Object Instance", ""},
	{"227", "Write (Replace) on Resource", ""},
	{"228", "Write on Resource Instance", ""},
	{"229", "Read-Composite Operation", ""},
	{"230", "Write-Composite Operation", ""},
	{"231", "Querying basic information in SenML JSON format", ""},
	{"232", "Querying basic information in SenML CBOR format", ""},
	{"233", "Setting basic information in SenML CBOR format", ""},
	{"234", "Setting basic information in SenML JSON format", ""},
	{"235", "Read-Composite Operation on root path", ""},
	{"236", "Read-Composite - Partial Presence", ""},
	{"237", "Read on Object without specifying Content-Format", ""},
	{"241", "Executable Resource: Rebooting the device", ""},
	{"256", "Write Operation Failure", ""},
	{"257", "Write-Composite Operation (Server and Device)", ""},
	{"260", "Discover Command", ""},
	{"261", "Write-Attribute Operation on a multiple resource", ""},
	{"264", "Discover with depth", v12},
	{"266", "Discover with depth", v12},
	{"270", "Create", "see int-1630"},
	{"271", "Create multiple instances", noProcedure},
	{"280", "Successful Read-Composite Operation", ""},
	{"281", "Partially Successful Read-Composite Operation", ""},
	{"290", "Delete", "see int-1635"},

	{"301", "Observation and Notification of parameter values", ""},
	{"302", "Cancel Observations using Reset Operation", ""},
	{"303", "Cancel Observations using Observe with Cancel parameter", ""},
	{"304", "Observe-Composite Operation", ""},
	{"305", "Cancel Observation-Composite Operation", ""},
	{"306", "Send Operation", ""},
	{"307", "Muting Send", ""},
	{"308", "Observe-Composite and Creating Object Instance", ""},
	{"309", "Observe-Composite and Deleting Object Instance", ""},
	{"310", "Observe-Composite and modification of parameter values", ""},
	{"311", "Send command", ""},
	{"312", "Attributes in Observe", v12},
	{"313", "Attributes in Observe-Composite", v12},

	{"401", "UDP Channel Security - Pre-shared Key Mode", ""},
	{"402", "UDP Channel Security - Certificate Mode", certificates},
	{"403", "Certificate Mode with a wrong server name", certificates},
	{"404", "TCP Channel Security - Certificate Mode", tcp},
	{"405", "OSCORE", oscore},
	{"406", "TCP Channel Security - Pre-shared Key Mode", tcp},

	{"551", "Server: access capability", ""},
	{"555", "Server: Disable", noProcedure + "; see int-103"},
	{"556", "Server: Registration Update capability", ""},
	{"560", "Server: delayed notifications", noProcedure},
	{"565", "Server: create an instance", noProcedure},
	{"566", "Server: delete an instance", noProcedure},
	{"651", "Device: write and read", ""},
	{"652", "Device: firmware version", ""},
	{"655", "Device: reboot", ""},
	{"656", "Device: factory reset", noProcedure},
	{"657", "Device: error code", noProcedure},
	{"660", "Device: observe", ""},
	{"661", "Device: extended observe", noProcedure},
	{"670", "Device: create multiple instances", noProcedure},
	{"680", "Device: create", ""},
	{"685", "Device: delete", ""},
	{"701", "Connectivity monitoring: read", ""},
	{"705", "Connectivity monitoring: write", noProcedure},
	{"710", "Connectivity monitoring: observe", ""},
	{"711", "Connectivity monitoring: extended observe", noProcedure},
	{"720", "Connectivity monitoring: execute", noProcedure},
	{"730", "Connectivity monitoring: create", noProcedure},
	{"735", "Connectivity monitoring: delete", noProcedure},
	{"751", "Firmware update: readable resources", ""},
	{"755", "Firmware update: write Package", ""},
	{"756", "Firmware update: write Package URI", ""},
	{"760", "Firmware update: observe State", ""},
	{"770", "Firmware update: success by push", ""},
	{"771", "Firmware update: success by pull", ""},
	{"772", "Firmware update: Update without a package", ""},
	{"773", "Firmware update: not enough storage", ""},
	{"774", "Firmware update: out of memory", "no part of the client keeps a package in memory, so that none runs out for one; see int-773"},
	{"775", "Firmware update: connection lost", ""},
	{"776", "Firmware update: integrity check failure", ""},
	{"777", "Firmware update: unsupported package type", ""},
	{"778", "Firmware update: invalid URI", ""},
	{"779", "Firmware update: installation failure", ""},
	{"780", "Firmware update: unsupported protocol", ""},
	{"801", "Location: read", ""},
	{"805", "Location: write", noProcedure},
	{"810", "Location: observe", ""},
	{"811", "Location: extended observe", noProcedure},
	{"820", "Location: execute", noProcedure},
	{"830", "Location: create", noProcedure},
	{"835", "Location: delete", noProcedure},
	{"901", "Connectivity statistics: collect", ""},
	{"905", "Connectivity statistics: set the period", ""},
	{"910", "Connectivity statistics: observe", ""},
	{"911", "Connectivity statistics: extended observe", noProcedure},
	{"920", "Connectivity statistics: execute", noProcedure},
	{"930", "Connectivity statistics: create", noProcedure},
	{"935", "Connectivity statistics: delete", noProcedure},
	{"950", "Several servers: registration", severalServers},
	{"951", "Several servers: attributes", severalServers},

	{"1200", "Cellular connectivity: read", ""},
	{"1201", "Cellular connectivity 1.1: read", ""},
	{"1202", "Cellular connectivity: set power saving mode", ""},
	{"1203", "Cellular connectivity: observe power saving mode", ""},
	{"1204", "Cellular connectivity: observe timers", ""},
	{"1250", "APN connection profile", noObject},
	{"1350", "Bearer selection", noObject},
	{"1600", "Portfolio", noProcedure},
	{"1605", "Portfolio", noProcedure},
	{"1610", "Portfolio", noProcedure},
	{"1611", "Portfolio", noProcedure},
	{"1620", "Portfolio", noProcedure},
	{"1630", "Create Portfolio Object Instance", ""},
	{"1635", "Delete Portfolio Object Instance", ""},
	{"1900", "Binary application data: observe", ""},
	{"1901", "Binary application data: write", ""},
	{"2000", "Event log", noObject},
	{"2001", "Event log", noObject},
}
