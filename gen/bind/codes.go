package bind

import "github.com/cloudgen/cloudgen/kconfig"

// The codes of diagnostics about bindings. They continue those of kconfig.
const (
	CodeTag     kconfig.Code = "E060" // a kconfig tag is ill-formed, or stands where it cannot work
	CodeUnknown kconfig.Code = "E061" // a tag names an option that is not in the tree
	CodeType    kconfig.Code = "E062" // the Go type of a field does not fit its option
	CodeUnit    kconfig.Code = "E063" // the unit of a tag is not that of its option
	CodeUnbound kconfig.Code = "E064" // an option changes nothing: no field is bound to it, and no expression refers to it
	CodeSecret  kconfig.Code = "E065" // a secret option is bound, and would be compiled in
)
