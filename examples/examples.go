// Package examples holds what cloudgen generates for the shipped overlays that can be built, as packages of this module, and a program of
// a user's own on top of one of them. `go generate` makes the output anew; a test finds it stale.
package examples

//go:generate go run ../cmd/cloudgen -overlay overlay-aws.hcl -package -no-build -o aws
//go:generate go run ../cmd/cloudgen -overlay overlay-lwm2m.hcl -package -no-build -o lwm2m
