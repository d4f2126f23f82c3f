package scripted

import (
	"math"
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
)

// point is where the device is at a time since Run.
type point struct {
	at                  time.Duration
	latitude, longitude float64 // degrees
	altitude, accuracy  float64 // m
}

const (
	earthRadius   = 6371008.8 // m, mean (IUGG)
	usualAccuracy = 5         // m

	standing = 180 // degrees: the heading's accuracy of a device that does not move
	moving   = 5   // and of one that does
)

// locate gives the position at a time: between two points in proportion, before the first and after the last at those. There must be a point.
func locate(track []point, at time.Duration) data.Fix {
	next := 0
	for next < len(track) && track[next].at <= at {
		next++
	}
	if next == 0 || next == len(track) {
		p := track[max(next-1, 0)]
		return data.Fix{Latitude: p.latitude, Longitude: p.longitude, Altitude: p.altitude, Accuracy: p.accuracy, HeadingAccuracy: standing}
	}
	from, to := track[next-1], track[next]
	part := float64(at-from.at) / float64(to.at-from.at)
	between := func(a, b float64) float64 { return a + (b-a)*part }
	eastward := wrap(to.longitude - from.longitude) // the short way, also over the date line
	fix := data.Fix{
		Latitude: between(from.latitude, to.latitude), Longitude: wrap(from.longitude + eastward*part),
		Altitude: between(from.altitude, to.altitude), Accuracy: between(from.accuracy, to.accuracy), HeadingAccuracy: standing,
	}
	if distance := distance(from, to); distance > 0 {
		fix.Speed = distance / (to.at - from.at).Seconds()
		fix.Heading, fix.HeadingAccuracy = bearing(from, to), moving
	}
	return fix
}

// wrap brings a longitude, or a difference of two, into [-180, 180].
func wrap(degrees float64) float64 {
	switch {
	case degrees > 180:
		return degrees - 360
	case degrees < -180:
		return degrees + 360
	}
	return degrees
}

func radians(degrees float64) float64 { return degrees * math.Pi / 180 }

// distance is that of the great circle, by the haversine.
func distance(a, b point) float64 {
	half := func(x float64) float64 { s := math.Sin(x / 2); return s * s }
	h := half(radians(b.latitude-a.latitude)) + math.Cos(radians(a.latitude))*math.Cos(radians(b.latitude))*half(radians(b.longitude-a.longitude))
	return 2 * earthRadius * math.Asin(math.Sqrt(min(h, 1)))
}

// bearing is the direction in which the great circle begins: degrees from north over east.
func bearing(a, b point) float64 {
	east := radians(b.longitude - a.longitude)
	y := math.Sin(east) * math.Cos(radians(b.latitude))
	x := math.Cos(radians(a.latitude))*math.Sin(radians(b.latitude)) - math.Sin(radians(a.latitude))*math.Cos(radians(b.latitude))*math.Cos(east)
	return math.Mod(math.Atan2(y, x)*180/math.Pi+360, 360)
}
