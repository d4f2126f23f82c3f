// Package lwm2m is the data model of OMA Lightweight M2M 1.1.1: paths, values, definitions of objects, and what an object of one's own
// implements. It imports the standard library alone; the packages below it are the rest of the client:
//
//	format       payloads: text, opaque, link-format, TLV, CBOR, SenML JSON and CBOR
//	attribute    pmin, pmax, gt, lt, st, epmin, epmax: reading, checking, inheriting
//	tree         the objects of a client and their values
//	management   requests of servers, answered from the tree
//	reporting    observations and notifications
//	registration when to bootstrap, register, update, sleep, give up
//	client       all of it as a client that runs
//	object/…     one folder for each object
package lwm2m
