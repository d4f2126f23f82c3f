// Package object has one folder for each LwM2M object of this client, and nothing itself. An object of one's own is one more folder, anywhere:
// the example shows one.
package object
