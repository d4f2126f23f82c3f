// Package lwm2m runs the LwM2M client against the lab's server, in one process and, with testing/synctest, in virtual time: a day of queue mode
// takes milliseconds. It needs Go alone.
//
// The cases of the OMA's Enabler Test Specification have the names and the checks that they have in test/leshan, where the server is one that
// we did not write. What is here besides are scenarios that take too long there, or that a server of good manners does not make: lossy links,
// lost sessions, changes of address, a hostile server. The benchmarks run over UDP on loopback:
//
//	go test -run '^$' -bench . ./test/lwm2m
package lwm2m
