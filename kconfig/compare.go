package kconfig

// Differing lists the options that have another value in the other configuration, or a value in one alone, in the order of the tree. Both
// configurations are of the same tree.
func (c *Config) Differing(other *Config) []*Option {
	var found []*Option
	for i := range c.evaluation.states {
		a, b := &c.evaluation.states[i], &other.evaluation.states[i]
		if a.hasValue != b.hasValue || a.hasValue && a.text != b.text {
			found = append(found, c.tree.options[i])
		}
	}
	return found
}
