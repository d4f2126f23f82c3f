package server

import "github.com/cloudgen/cloudgen/runtime/lwm2m"

// definition is that of object 1 (OMA LwM2M registry, 1, version 1.1).
var definition = lwm2m.Definition{
	ID: 1, Name: "LwM2M Server", URN: "urn:oma:lwm2m:oma:1:1.1", Version: "1.1", Multiple: true, Mandatory: true,
	Description: "What the client and one of its servers agree on: lifetime, periods, how to register.",
	Resources: []lwm2m.Resource{
		{ID: shortServerID, Name: "Short Server ID", Operations: lwm2m.R, Mandatory: true, Type: lwm2m.TypeInteger, Range: "1..65534", Description: "Joins the instance with that of object 0."},
		{ID: lifetime, Name: "Lifetime", Operations: lwm2m.RW, Mandatory: true, Type: lwm2m.TypeInteger, Units: "s", Description: "Of the registration."},
		{ID: minimumPeriod, Name: "Default Minimum Period", Operations: lwm2m.RW, Type: lwm2m.TypeInteger, Units: "s", Description: "Shortest time between two notifications, where no pmin is set."},
		{ID: maximumPeriod, Name: "Default Maximum Period", Operations: lwm2m.RW, Type: lwm2m.TypeInteger, Units: "s", Description: "Longest time between two notifications, where no pmax is set."},
		{ID: disable, Name: "Disable", Operations: lwm2m.E, Description: "De-register, and stay away for the disable timeout."},
		{ID: disableTimeout, Name: "Disable Timeout", Operations: lwm2m.RW, Type: lwm2m.TypeInteger, Units: "s", Description: "After Disable; 86400 where it is absent."},
		{ID: storing, Name: "Notification Storing When Disabled or Offline", Operations: lwm2m.RW, Mandatory: true, Type: lwm2m.TypeBoolean, Description: "Keep notifications until the server can be reached again."},
		{ID: binding, Name: "Binding", Operations: lwm2m.RW, Mandatory: true, Type: lwm2m.TypeString, Description: "Transports: U is UDP."},
		{ID: updateTrigger, Name: "Registration Update Trigger", Operations: lwm2m.E, Mandatory: true, Description: "Send an update of the registration."},
		{ID: bootstrapTrigger, Name: "Bootstrap-Request Trigger", Operations: lwm2m.E, Description: "Bootstrap anew."},
		{ID: 10, Name: "APN Link", Operations: lwm2m.RW, Type: lwm2m.TypeObjlnk, Description: "Link to the instance of object 11."},
		{ID: alertCode, Name: "TLS-DTLS Alert Code", Operations: lwm2m.R, Type: lwm2m.TypeUnsigned, Range: "0..255", Description: "Alert with which the server ended the last DTLS handshake that failed."},
		{ID: lastBootstrapped, Name: "Last Bootstrapped", Operations: lwm2m.R, Type: lwm2m.TypeTime, Description: "When the bootstrap server wrote the instance."},
		{ID: priorityOrder, Name: "Registration Priority Order", Type: lwm2m.TypeUnsigned, Description: "Servers register in ascending order; those without it last."},
		{ID: initialDelay, Name: "Initial Registration Delay Timer", Type: lwm2m.TypeUnsigned, Units: "s", Description: "Time before the first attempt to register."},
		{ID: failureBlock, Name: "Registration Failure Block", Type: lwm2m.TypeBoolean, Description: "If registering fails, the servers behind are not tried."},
		{ID: bootstrapOnFailure, Name: "Bootstrap on Registration Failure", Type: lwm2m.TypeBoolean, Description: "If registering fails, bootstrap; so also where it is absent."},
		{ID: retryCount, Name: "Communication Retry Count", Type: lwm2m.TypeUnsigned, Description: "Attempts in a sequence; 5 where it is absent."},
		{ID: retryTimer, Name: "Communication Retry Timer", Type: lwm2m.TypeUnsigned, Units: "s", Description: "Time before the second attempt, doubled before each further one; 60 where it is absent."},
		{ID: sequenceDelay, Name: "Communication Sequence Delay Timer", Type: lwm2m.TypeUnsigned, Units: "s", Description: "Time between two sequences; 86400 where it is absent."},
		{ID: sequenceCount, Name: "Communication Sequence Retry Count", Type: lwm2m.TypeUnsigned, Description: "Sequences; 1 where it is absent."},
		{ID: 21, Name: "Trigger", Operations: lwm2m.RW, Type: lwm2m.TypeBoolean, Description: "A trigger by SMS is taken."},
		{ID: 22, Name: "Preferred Transport", Operations: lwm2m.RW, Type: lwm2m.TypeString, Range: "1", Description: "One letter of the binding."},
		{ID: muteSend, Name: "Mute Send", Operations: lwm2m.RW, Type: lwm2m.TypeBoolean, Description: "The server does not want Send."},
	},
}
