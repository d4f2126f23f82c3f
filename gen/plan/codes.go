package plan

import "github.com/cloudgen/cloudgen/kconfig"

// The codes of diagnostics about plans. They continue those of kconfig and gen/bind.
const (
	CodeSlotEmpty   kconfig.Code = "E070" // nothing is switched on for a slot of the generated program
	CodeSlotTaken   kconfig.Code = "E071" // more than one component is switched on for a slot
	CodeComponent   kconfig.Code = "E072" // a component's package is not what its slot asks for
	CodeValueTooBig kconfig.Code = "E073" // a value does not fit the Go type of the field that is bound to its option
	CodeName        kconfig.Code = "E074" // the name of the variant cannot be part of a module path
	CodeTree        kconfig.Code = "E075" // a package of a user's tree cannot be read, or cannot be part of the output
	CodeSlot        kconfig.Code = "E076" // a component names a slot that nothing has
	CodeProvision   kconfig.Code = "E077" // a secret value that goes to a file of the output has no place there
	CodeKeys        kconfig.Code = "E078" // the file of public keys that an option names is missing, or is none

	CodeMarked kconfig.Code = "W010" // the build carries a mark
	CodeUnread kconfig.Code = "W011" // an option is set that changes nothing in this build
)
