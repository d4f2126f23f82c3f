package lwm2m

import (
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/ipso"
)

// Objects that the backend sets and sends.
const (
	objectDevice        = 3
	objectConnMon       = 4
	objectLocation      = 6
	objectBinaryApp     = 19
	objectTemperature   = 3303
	objectHumidity      = 3304
	objectPressure      = 3323
	objectButton        = 3347
	objectSignals       = 10256
	objectGNSSAssist    = 33625
	objectGroundFix     = 33626
	objectAccessPoints  = 33627
	objectConfiguration = 50009
)

// Bearers of object 4 (OMA LwM2M registry, 4, resource 0).
const (
	bearerLTE   = 6 // LTE-FDD, and LTE-M with it
	bearerNBIoT = 7
)

// group is one kind of data on its way to the server: what is set, and which paths are sent for it. Resources that the client does not have
// are left out of both.
type group struct {
	values []lwm2m.Item
	send   []lwm2m.Path
}

func at(object, instance uint16) lwm2m.Path { return lwm2m.NewPath(object, instance) }

// set adds a value.
func (g *group) set(instance lwm2m.Path, resource uint16, value lwm2m.Value) {
	g.values = append(g.values, lwm2m.Item{Path: instance.Child(resource), Value: value})
}

// setAll adds the values of a multiple resource.
func (g *group) setAll(instance lwm2m.Path, resource uint16, values ...lwm2m.Value) {
	for i, value := range values {
		g.values = append(g.values, lwm2m.Item{Path: instance.Child(resource).Child(uint16(i)), Value: value})
	}
}

// report adds paths to send.
func (g *group) report(paths ...lwm2m.Path) { g.send = append(g.send, paths...) }

func (g *group) resources(instance lwm2m.Path, resources ...uint16) {
	for _, resource := range resources {
		g.report(instance.Child(resource))
	}
}

// The groups below are those of the SDK's codec (reference lwm2m, 16.2), but for the battery: its charge is resource 9, in percent, and not
// resource 7, which is in millivolts.

func (g *group) device(device data.Device, manufacturer string) {
	to := at(objectDevice, 0)
	g.set(to, 0, lwm2m.String(manufacturer))
	g.set(to, 1, lwm2m.String(device.Board))
	g.set(to, 2, lwm2m.String(device.IMEI))
	g.set(to, 3, lwm2m.String(device.Version))
	g.set(to, 19, lwm2m.String(device.ModemFirmware))
	g.resources(to, 0, 1, 19, 3, 2)
}

func (g *group) network(network data.Network) {
	to := at(objectConnMon, 0)
	bearer := int64(bearerLTE)
	if network.Mode == "NB-IoT" {
		bearer = bearerNBIoT
	}
	g.set(to, 0, lwm2m.Integer(bearer))
	g.setAll(to, 1, lwm2m.Integer(bearerLTE), lwm2m.Integer(bearerNBIoT))
	g.set(to, 2, lwm2m.Integer(int64(network.RSRP)))
	g.setAll(to, 4, lwm2m.String(network.IP))
	g.cell(network.CellID, network.MCCMNC/100, network.MCCMNC%100, network.AreaCode)
	g.report(at(objectDevice, 0).Child(13), to)
}

// cell sets the cell that serves the device.
func (g *group) cell(id, mcc, mnc, areaCode int) {
	to := at(objectConnMon, 0)
	g.set(to, 8, lwm2m.Integer(int64(id)))
	g.set(to, 9, lwm2m.Integer(int64(mnc)))
	g.set(to, 10, lwm2m.Integer(int64(mcc)))
	g.set(to, 12, lwm2m.Integer(int64(areaCode)))
}

func (g *group) fix(fix data.Fix) {
	to := at(objectLocation, 0)
	g.set(to, 0, lwm2m.Float(fix.Latitude))
	g.set(to, 1, lwm2m.Float(fix.Longitude))
	g.set(to, 2, lwm2m.Float(fix.Altitude))
	g.set(to, 3, lwm2m.Float(fix.Accuracy))
	g.set(to, 5, lwm2m.Time(fix.Taken))
	g.set(to, 6, lwm2m.Float(fix.Speed))
	g.report(to)
}

func (g *group) battery(battery data.Battery) {
	to := at(objectDevice, 0)
	g.set(to, 9, lwm2m.Integer(int64(battery.Percent)))
	g.resources(to, 9)
}

func (g *group) environment(environment data.Environment, store lwm2m.Store) {
	for _, sensor := range []struct {
		object uint16
		value  float64
	}{{objectTemperature, environment.Temperature}, {objectHumidity, environment.Humidity}, {objectPressure, environment.Pressure}} {
		to := at(sensor.object, 0)
		g.values = append(g.values, ipso.Measure(store, to, sensor.value)...)
		g.set(to, ipso.Timestamp, lwm2m.Time(environment.Taken))
		g.resources(to, ipso.Timestamp, ipso.SensorValue)
	}
}

// buttonPressed sets what a button is while it is pressed, buttonReleased what it is then; the server sees the count and the time.
func (g *group) buttonPressed(button data.Button, presses int64) {
	to := at(objectButton, uint16(max(0, button.Number-1)))
	g.set(to, 5500, lwm2m.Boolean(true))
	g.set(to, 5501, lwm2m.Integer(presses))
	g.set(to, 5518, lwm2m.Time(button.Taken))
	g.report(to)
}

func (g *group) buttonReleased(button data.Button) {
	g.set(at(objectButton, uint16(max(0, button.Number-1))), 5500, lwm2m.Boolean(false))
}

// neighbours sets the cells that the device hears. There are always as many instances as were configured: those that are not needed lose
// their values.
func (g *group) neighbours(cells []data.NeighbourCell, instances []uint16) (unset []lwm2m.Path) {
	for i, instance := range instances {
		to := at(objectSignals, instance)
		if i >= len(cells) {
			for _, resource := range []uint16{0, 2, 3, 4} {
				unset = append(unset, to.Child(resource))
			}
			continue
		}
		g.set(to, 0, lwm2m.Integer(int64(cells[i].PhysicalCellID)))
		g.set(to, 2, lwm2m.Integer(int64(cells[i].EARFCN)))
		g.set(to, 3, lwm2m.Integer(int64(cells[i].RSRP)))
		g.set(to, 4, lwm2m.Integer(int64(cells[i].RSRQ)))
	}
	return unset
}

// accessPoints sets the Wi-Fi access points that the device hears, as neighbours does.
func (g *group) accessPoints(heard []data.AccessPoint, instances []uint16) (unset []lwm2m.Path) {
	for i, instance := range instances {
		to := at(objectAccessPoints, instance)
		if i >= len(heard) {
			unset = append(unset, to.Child(0), to.Child(3))
			continue
		}
		g.set(to, 0, lwm2m.Opaque(heard[i].MAC[:]))
		g.set(to, 3, lwm2m.Integer(int64(heard[i].SignalStrength)))
	}
	return unset
}

// configuration sets the real-time configuration; nothing is sent: the server reads it.
func (g *group) configuration(c data.Configuration) {
	to := at(objectConfiguration, 0)
	seconds := func(d time.Duration) lwm2m.Value { return lwm2m.Integer(int64(d / time.Second)) }
	g.set(to, 0, lwm2m.Boolean(!c.ActiveMode))
	g.set(to, 1, seconds(c.LocationTimeout))
	g.set(to, 2, seconds(c.ActiveWait))
	g.set(to, 3, seconds(c.MovementResolution))
	g.set(to, 4, seconds(c.MovementTimeout))
	g.set(to, 5, lwm2m.Float(c.AccelerometerActivity))
	g.set(to, 6, lwm2m.Boolean(!c.NoData.GNSS))
	g.set(to, 7, lwm2m.Boolean(!c.NoData.NeighbourCells))
	g.set(to, 8, lwm2m.Float(c.AccelerometerInactivity))
	g.set(to, 9, lwm2m.Float(c.AccelerometerInactivityTimeout))
}

// change is what a server has written to object 50009. A member that was not written keeps its value. Wi-Fi is not part of the object, so
// whether it is sampled stays as it was.
func change(written []lwm2m.Item, now data.Configuration) data.ConfigurationChange {
	var c data.ConfigurationChange
	seconds := func(v lwm2m.Value) *time.Duration {
		d := time.Duration(v.Int()) * time.Second
		return &d
	}
	number := func(v lwm2m.Value) *float64 {
		n := v.Float()
		return &n
	}
	noData := now.NoData
	for _, each := range written {
		v := each.Value
		switch each.Path.Resource() {
		case 0:
			active := !v.Bool()
			c.ActiveMode = &active
		case 1:
			c.LocationTimeout = seconds(v)
		case 2:
			c.ActiveWait = seconds(v)
		case 3:
			c.MovementResolution = seconds(v)
		case 4:
			c.MovementTimeout = seconds(v)
		case 5:
			c.AccelerometerActivity = number(v)
		case 6:
			noData.GNSS = !v.Bool()
			c.NoData = &noData
		case 7:
			noData.NeighbourCells = !v.Bool()
			c.NoData = &noData
		case 8:
			c.AccelerometerInactivity = number(v)
		case 9:
			c.AccelerometerInactivityTimeout = number(v)
		}
	}
	return c
}
