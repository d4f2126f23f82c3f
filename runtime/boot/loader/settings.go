//go:build unix

package loader

import "strings"

// settings is what the bootloader takes from the firmware's arguments, which it hands on as they are: it has none of its own.
type settings struct {
	data string
	json bool
}

const defaultData = "/var/lib/cloudgen"

// parse reads -data and -log in the forms of package flag. What is wrong with them the firmware says.
func parse(args []string) settings {
	s := settings{data: defaultData}
	for i := 0; i < len(args) && args[i] != "--"; i++ {
		name, value, hasValue := strings.Cut(args[i], "=")
		if !hasValue && i+1 < len(args) {
			value = args[i+1]
		}
		switch name {
		case "-data", "--data":
			if value != "" {
				s.data = value
			}
		case "-log", "--log":
			s.json = value == "json"
		default:
			continue
		}
		if !hasValue {
			i++
		}
	}
	return s
}
