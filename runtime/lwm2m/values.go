package lwm2m

// Values is an object that holds values and does nothing else; packages of objects embed it.
type Values struct {
	Of        *Definition
	Instances int                          // that there are from the start, with the ids from 0 on
	Initial   func(instance uint16) []Item // first values of an instance; nil: none
}

// Definition implements Object.
func (v Values) Definition() *Definition { return v.Of }

// Attach implements Object: it makes the instances.
func (v Values) Attach(store Store) error {
	for i := range v.Instances {
		var initial []Item
		if v.Initial != nil {
			initial = v.Initial(uint16(i))
		}
		if err := store.Create(NewPath(v.Of.ID, uint16(i)), initial...); err != nil {
			return err
		}
	}
	return nil
}

// Below gives the definition without some resources: that of an older version.
func (d *Definition) Below(version, urn string, without func(resource uint16) bool) *Definition {
	older := *d
	older.Version, older.URN, older.Resources = version, urn, nil
	for _, resource := range d.Resources {
		if !without(resource.ID) {
			older.Resources = append(older.Resources, resource)
		}
	}
	return &older
}
