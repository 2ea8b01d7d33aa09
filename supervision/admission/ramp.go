package admission

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// The rates that can be set, in grants a second.
const (
	minRate = 0.001
	maxRate = 1_000_000
)

// Mode is who says how fast requests are granted.
type Mode uint8

// The modes.
const (
	// Off grants as fast as requests come: only what is in flight is bounded, and neither buckets nor the door count.
	Off Mode = iota
	// Auto follows what is measured to be spare.
	Auto
	// Manual is a rate that somebody has set.
	Manual
)

// String returns the lower-case word for the mode.
func (m Mode) String() string {
	switch m {
	case Off:
		return "off"
	case Auto:
		return "auto"
	case Manual:
		return "manual"
	}
	return fmt.Sprintf("mode(%d)", uint8(m))
}

// Ramp says how fast requests are granted. The zero value is off.
type Ramp struct {
	Mode Mode
	// Rate is of Manual, in grants a second; 0 grants nobody.
	Rate float64
}

// ParseRamp reads "auto", "off", "0" (nobody) or a rate as "200/s", "0.5/s" or "90/m".
func ParseRamp(text string) (Ramp, error) {
	switch text {
	case "auto":
		return Ramp{Mode: Auto}, nil
	case "off":
		return Ramp{Mode: Off}, nil
	case "0":
		return Ramp{Mode: Manual}, nil
	}
	number, unit, found := strings.Cut(text, "/")
	rate, err := strconv.ParseFloat(number, 64)
	switch {
	case !found || err != nil || (unit != "s" && unit != "m"):
		return Ramp{}, fmt.Errorf("admission: %.64q is no rate: write 200/s, 90/m, 0 for nobody, auto or off", text)
	case unit == "m":
		rate /= 60
	}
	r := Ramp{Mode: Manual, Rate: rate}
	return r, r.validate()
}

// String writes the ramp as [ParseRamp] reads it.
func (r Ramp) String() string {
	if r.Mode != Manual {
		return r.Mode.String()
	}
	return strconv.FormatFloat(r.Rate, 'f', -1, 64) + "/s"
}

// MarshalText implements [encoding.TextMarshaler] as String does.
func (r Ramp) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler] by ParseRamp.
func (r *Ramp) UnmarshalText(text []byte) error {
	parsed, err := ParseRamp(string(text))
	if err == nil {
		*r = parsed
	}
	return err
}

func (r Ramp) validate() error {
	switch {
	case r.Mode > Manual:
		return errors.New("admission: the ramp has no mode: use Off, Auto or Manual")
	case r.Mode != Manual && r.Rate != 0:
		return fmt.Errorf("admission: a ramp that is %v has no rate, got %v", r.Mode, r.Rate)
	case r.Rate != 0 && !validRate(r.Rate):
		return fmt.Errorf("admission: rate %v is not from %v to %v a second, and not 0", r.Rate, minRate, maxRate)
	}
	return nil
}

// validRate is false for what is not a number, too.
func validRate(rate float64) bool { return rate >= minRate && rate <= maxRate && !math.IsNaN(rate) }
