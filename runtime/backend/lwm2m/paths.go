package lwm2m

import (
	"math"
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

// Resources of object 3347.
const (
	buttonState = 5500
	buttonCount = 5501
)

// Bearers of object 4 (OMA LwM2M registry, 4, resource 0).
const (
	bearerLTE   = 6 // LTE-FDD, and LTE-M with it
	bearerNBIoT = 7
)

// The groups below are those of the SDK's codec (reference lwm2m, 16.2), but for the battery: its charge is resource 9, in percent, and not
// resource 7, which is in millivolts.

func (g *group) device(device data.Device, manufacturer string) {
	g.to(objectDevice, 0)
	g.text(0, manufacturer)
	g.text(1, device.Board)
	g.text(2, device.IMEI)
	g.text(3, device.Version)
	g.text(19, device.ModemFirmware)
	g.report(0, 1, 19, 3, 2)
}

func (g *group) network(network data.Network) {
	bearer := bearerLTE
	if network.Mode == "NB-IoT" {
		bearer = bearerNBIoT
	}
	g.to(objectDevice, 0)
	g.report(13) // now
	g.to(objectConnMon, 0)
	g.integer(0, bearer)
	g.element(1, 0, lwm2m.Integer(bearerLTE))
	g.element(1, 1, lwm2m.Integer(bearerNBIoT))
	g.integer(2, network.RSRP)
	g.element(4, 0, lwm2m.String(network.IP))
	mncs := 100 // network codes have two digits, or three
	if network.MCCMNC >= 100000 {
		mncs = 1000
	}
	g.cell(network.CellID, network.MCCMNC/mncs, network.MCCMNC%mncs, network.AreaCode)
	g.reportInstance()
}

// cell sets the cell that serves the device.
func (g *group) cell(id, mcc, mnc, areaCode int) {
	g.to(objectConnMon, 0)
	g.integer(8, id)
	g.integer(9, mnc)
	g.integer(10, mcc)
	g.integer(12, areaCode)
}

// reportCell has the serving cell sent, as with requests for the location and for assistance.
func (g *group) reportCell() {
	g.to(objectConnMon, 0)
	g.report(8, 9, 10, 2, 12)
}

func (g *group) fix(fix data.Fix) {
	g.to(objectLocation, 0)
	g.number(0, fix.Latitude)
	g.number(1, fix.Longitude)
	g.number(2, fix.Altitude)
	g.number(3, fix.Accuracy)
	g.time(5, fix.Taken)
	g.number(6, fix.Speed)
	g.reportInstance()
}

func (g *group) battery(battery data.Battery) {
	g.to(objectDevice, 0)
	g.integer(9, battery.Percent)
	g.report(9)
}

func (g *group) environment(environment data.Environment, store lwm2m.Store) {
	objects := [...]uint16{objectTemperature, objectHumidity, objectPressure}
	for i, value := range [...]float64{environment.Temperature, environment.Humidity, environment.Pressure} {
		g.to(objects[i], 0)
		g.values = append(g.values, ipso.Measure(store, g.instance, value)...)
		g.time(ipso.Timestamp, environment.Taken)
		g.report(ipso.Timestamp)
	}
	for _, object := range objects {
		g.to(object, 0)
		g.report(ipso.SensorValue)
	}
}

// press sets what a button is while it is pressed; buttonReleased sets what it is then. The server sees the count and the time.
func (g *group) press(instance uint16, presses int, taken time.Time) {
	g.to(objectButton, instance)
	g.boolean(buttonState, true)
	g.integer(buttonCount, presses)
	g.time(5518, taken)
	g.reportInstance()
}

// neighbours sets the cells that the device hears, and has them sent. There are always as many instances as were configured: those that are
// not needed become zero, as in the SDK, and are not sent.
func (g *group) neighbours(cells []data.NeighbourCell, instances []uint16) {
	for i, instance := range instances {
		g.to(objectSignals, instance)
		var cell data.NeighbourCell
		if i < len(cells) {
			cell = cells[i]
			g.reportInstance()
		}
		g.integer(0, cell.PhysicalCellID)
		g.integer(2, cell.EARFCN)
		g.integer(3, cell.RSRP)
		g.integer(4, cell.RSRQ)
	}
}

// accessPoints sets the Wi-Fi access points that the device hears, as neighbours does.
func (g *group) accessPoints(heard []data.AccessPoint, instances []uint16) {
	for i, instance := range instances {
		g.to(objectAccessPoints, instance)
		var point data.AccessPoint
		if i < len(heard) {
			point = heard[i]
			g.reportInstance()
		}
		g.set(0, lwm2m.Opaque(point.MAC[:]))
		g.integer(3, point.SignalStrength)
	}
}

// configuration sets the real-time configuration; nothing is sent: the server reads it.
func (g *group) configuration(c data.Configuration) {
	g.to(objectConfiguration, 0)
	g.boolean(0, !c.ActiveMode)
	for i, d := range [...]time.Duration{c.LocationTimeout, c.ActiveWait, c.MovementResolution, c.MovementTimeout} {
		g.integer(uint16(1+i), int(d/time.Second))
	}
	g.number(5, c.AccelerometerActivity)
	g.boolean(6, !c.NoData.GNSS)
	g.boolean(7, !c.NoData.NeighbourCells)
	g.number(8, c.AccelerometerInactivity)
	g.number(9, c.AccelerometerInactivityTimeout)
}

// change is what a server has written to object 50009. A member that was not written keeps its value, and so does one that is no number. Wi-Fi
// is not part of the object: whether it is sampled stays as it was.
func change(written []lwm2m.Item, now data.Configuration) data.ConfigurationChange {
	var c data.ConfigurationChange
	noData := now.NoData
	for i := range written {
		value := &written[i].Value
		switch written[i].Path.Resource() {
		case 0:
			c.ActiveMode = new(!value.Bool())
		case 1:
			c.LocationTimeout = seconds(value)
		case 2:
			c.ActiveWait = seconds(value)
		case 3:
			c.MovementResolution = seconds(value)
		case 4:
			c.MovementTimeout = seconds(value)
		case 5:
			c.AccelerometerActivity = finite(value)
		case 6:
			noData.GNSS = !value.Bool()
			c.NoData = &noData
		case 7:
			noData.NeighbourCells = !value.Bool()
			c.NoData = &noData
		case 8:
			c.AccelerometerInactivity = finite(value)
		case 9:
			c.AccelerometerInactivityTimeout = finite(value)
		}
	}
	return c
}

func seconds(value *lwm2m.Value) *time.Duration {
	const most = int64(math.MaxInt64 / time.Second)
	return new(time.Duration(min(max(value.Int(), -most), most)) * time.Second)
}

// finite gives a number, nil for none.
func finite(value *lwm2m.Value) *float64 {
	number := value.Float()
	if math.IsNaN(number) || math.IsInf(number, 0) {
		return nil
	}
	return &number
}
