package tracker

import (
	"context"
	"math"
	"math/rand/v2"
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
)

// Sensors are what the device can measure. They are called from one goroutine; each call ends early with its context.
type Sensors interface {
	Environment(ctx context.Context) (data.Environment, error)
	Battery(ctx context.Context) (data.Battery, error)
	// Acceleration gives the acceleration less gravity, in m/s². It is asked for every second while the device is in passive mode.
	Acceleration(ctx context.Context) (float64, error)
}

// SimulatedSensors measure nothing: their readings wander from plausible values in small steps, in the same way at every run, and the device
// drives for a quarter of an hour after ten minutes of rest. The zero value is not usable, NewSimulatedSensors makes one.
type SimulatedSensors struct {
	random                          *rand.Rand
	start                           time.Time
	temperature, humidity, pressure float64
	airQuality                      float64
	charge                          float64
}

// NewSimulatedSensors gives sensors whose first readings are 21 °C, 45 %, 101.3 kPa, index 50 and a full battery.
func NewSimulatedSensors() *SimulatedSensors {
	return &SimulatedSensors{
		random: rand.New(rand.NewPCG(1, 1)), start: time.Now(), temperature: 21, humidity: 45, pressure: 101.3, airQuality: 50, charge: 100,
	}
}

// Environment implements Sensors.
func (s *SimulatedSensors) Environment(context.Context) (data.Environment, error) {
	reading := data.Environment{
		Temperature: round(s.temperature, 2), Humidity: round(s.humidity, 2), Pressure: round(s.pressure, 2),
		AirQuality: int(s.airQuality), Taken: time.Now(),
	}
	s.temperature = s.wander(s.temperature, 0.3, -20, 45)
	s.humidity = s.wander(s.humidity, 1, 10, 95)
	s.pressure = s.wander(s.pressure, 0.05, 97, 104)
	s.airQuality = s.wander(s.airQuality, 3, 0, 300)
	return reading, nil
}

// Battery implements Sensors: half a percent less at each reading, and charged at 5 %.
func (s *SimulatedSensors) Battery(context.Context) (data.Battery, error) {
	reading := data.Battery{Percent: int(math.Ceil(s.charge)), Taken: time.Now()}
	s.charge -= 0.5
	if s.charge < 5 {
		s.charge = 100
	}
	return reading, nil
}

// Acceleration implements Sensors.
func (s *SimulatedSensors) Acceleration(context.Context) (float64, error) {
	const rest, drive = 10 * time.Minute, 15 * time.Minute
	if time.Since(s.start)%(rest+drive) < rest {
		return 0.1, nil
	}
	return 6, nil
}

func (s *SimulatedSensors) wander(value, step, low, high float64) float64 {
	return min(max(value+step*(2*s.random.Float64()-1), low), high)
}

func round(value float64, decimals int) float64 {
	scale := math.Pow10(decimals)
	return math.Round(value*scale) / scale
}
