package security

import "github.com/cloudgen/cloudgen/runtime/lwm2m"

// definition is that of object 0 (OMA LwM2M registry, 0, version 1.1). No resource has an operation: they are the bootstrap server's alone.
var definition = lwm2m.Definition{
	ID: 0, Name: "LwM2M Security", URN: "urn:oma:lwm2m:oma:0:1.1", Version: "1.1", Multiple: true, Mandatory: true,
	Description: "Accounts: address, identity and key of each server. Out of reach of the servers that manage the device.",
	Resources: []lwm2m.Resource{
		{ID: uri, Name: "LwM2M Server URI", Mandatory: true, Type: lwm2m.TypeString, Range: "0..255", Description: "As coaps://server.example:5684."},
		{ID: bootstrapServer, Name: "Bootstrap-Server", Mandatory: true, Type: lwm2m.TypeBoolean, Description: "The account is that of the bootstrap server."},
		{ID: mode, Name: "Security Mode", Mandatory: true, Type: lwm2m.TypeInteger, Range: "0..4", Description: "0 pre-shared key, 1 raw public key, 2 certificate, 3 none, 4 certificate with EST."},
		{ID: identity, Name: "Public Key or Identity", Mandatory: true, Type: lwm2m.TypeOpaque, Description: "The client's identity, public key or certificate."},
		{ID: serverKey, Name: "Server Public Key", Mandatory: true, Type: lwm2m.TypeOpaque, Description: "The server's public key or certificate."},
		{ID: secretKey, Name: "Secret Key", Mandatory: true, Type: lwm2m.TypeOpaque, Description: "The client's secret key."},
		{ID: 6, Name: "SMS Security Mode", Type: lwm2m.TypeInteger, Range: "0..255", Description: "Security of the SMS transport."},
		{ID: 7, Name: "SMS Binding Key Parameters", Type: lwm2m.TypeOpaque, Range: "6", Description: "Key parameters of the SMS transport."},
		{ID: 8, Name: "SMS Binding Secret Key(s)", Type: lwm2m.TypeOpaque, Range: "16,32,48", Description: "Keys of the SMS transport."},
		{ID: 9, Name: "LwM2M Server SMS Number", Type: lwm2m.TypeString, Description: "The server's number."},
		{ID: shortServerID, Name: "Short Server ID", Type: lwm2m.TypeInteger, Range: "1..65534", Description: "The server's short id, as in its instance of object 1; not with the bootstrap server."},
		{ID: holdOff, Name: "Client Hold Off Time", Type: lwm2m.TypeInteger, Units: "s", Description: "Time before a bootstrap that the client begins."},
		{ID: accountTimeout, Name: "Bootstrap-Server Account Timeout", Type: lwm2m.TypeInteger, Units: "s", Description: "Time from a bootstrap until the account is removed; 0: never."},
		{ID: 13, Name: "Matching Type", Type: lwm2m.TypeUnsigned, Range: "0..3", Description: "How the server's certificate is compared."},
		{ID: serverName, Name: "SNI", Type: lwm2m.TypeString, Description: "Name of the server in the DTLS handshake."},
		{ID: 15, Name: "Certificate Usage", Type: lwm2m.TypeUnsigned, Range: "0..3", Description: "What the server's certificate is for."},
		{ID: cipherSuites, Name: "DTLS/TLS Ciphersuite", Multiple: true, Type: lwm2m.TypeUnsigned, Range: "0..65535", Description: "Suites that may be used, by their IANA numbers; none: the client's own."},
		{ID: 17, Name: "OSCORE Security Mode", Type: lwm2m.TypeObjlnk, Description: "Link to the instance of object 21."},
	},
}
