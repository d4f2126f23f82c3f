package lwm2m

// Definition says what an object is: what its OMA definition file says. It is never changed. Registration, Discover, the option reference and
// the files that a server's console takes are made of it.
type Definition struct {
	ID          uint16
	Name        string
	URN         string // as urn:oma:lwm2m:oma:3:1.1
	Version     string // as 1.1
	Multiple    bool   // may have several instances
	Mandatory   bool   // every device has it
	Description string
	Resources   []Resource // ascending by id
}

// Resource says what a resource is.
type Resource struct {
	_           incomparable
	ID          uint16
	Operations  Operations
	Multiple    bool
	Mandatory   bool
	Type        Type
	Name        string
	Range       string // in the OMA's notation, as 0..100 or 1..65534; "" for any. Numbers: the value; String, Opaque: the length in bytes
	Units       string
	Description string
}

// Operations are what a server may do with a resource: none is for the bootstrap server alone.
type Operations uint8

// The operations.
const (
	R  Operations = 1 << iota // Read, Observe, Discover
	W                         // Write
	E                         // Execute
	RW = R | W
)

// Can tells whether all the given operations are possible.
func (o Operations) Can(what Operations) bool { return o&what == what }

// String gives the operations as in the OMA's definition files: R, W, RW, E or nothing.
func (o Operations) String() string {
	switch o {
	case R:
		return "R"
	case W:
		return "W"
	case RW:
		return "RW"
	case E:
		return "E"
	}
	return ""
}

// Resource gives a resource's definition.
// It stays a call, which is smaller at its many places.
//
//go:noinline
func (d *Definition) Resource(id uint16) (*Resource, bool) {
	from, to := 0, len(d.Resources)
	for from < to {
		middle := (from + to) / 2
		switch each := &d.Resources[middle]; {
		case each.ID == id:
			return each, true
		case each.ID < id:
			from = middle + 1
		default:
			to = middle
		}
	}
	return nil, false
}

// incomparable stands in structs that nobody compares, for which the compiler makes no function then.
type incomparable [0]func()
