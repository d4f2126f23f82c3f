// Package fota has the tests of updates over the air from end to end, over real processes: a generated bootloader starts a generated firmware,
// which a server updates by LwM2M. They carry the build tag real: they build firmware, and take minutes.
//
// Updates by Leshan, with the same processes, are among test/leshan.
package fota
