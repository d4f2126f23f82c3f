// Package coap is a CoAP endpoint over one datagram link: client and server at once, for constrained devices and what talks to them.
//
// It holds to RFC 7252 (messages, retransmission, deduplication), RFC 7641 (the messages of observations; what is observed, and when to
// notify, is the caller's), RFC 7959 (bodies in blocks, both ways and in both roles) and RFC 8132 (FETCH, PATCH, iPATCH). Responses are
// always piggybacked, since a handler answers at once; separate ones of the peer are taken. Multicast, proxies and CoAP over TCP are not
// there.
//
// Conn is the endpoint. Beneath it are machines without goroutines, sockets or clocks of their own, which are tested in virtual time. The
// wire format is that of plgd-dev/go-coap's message and coder packages, which only this package imports; go-coap's sessions are not used.
//
// Memory is bounded whatever the peer sends: 2048 message ids and 256 KiB of answers to repeat, Config.MaxIncomingBodies of Config.MaxBody
// each, Config.MaxOutgoingBodies responses of the handler's own size, and datagrams of at most 16 KiB, of which one waits.
package coap
