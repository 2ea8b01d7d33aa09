package incident

import (
	"strings"
	"testing"
)

// TestEverythingHasWords: no kind, state, role or signal is shown as something else.
func TestEverythingHasWords(t *testing.T) {
	for _, k := range append(facts(), decisions()...) {
		text := Entry{Kind: k, Times: 2, Signal: Sessions, Severity: SEV2, Value: 3}.Text()
		if strings.Contains(text, "omething else") || !strings.Contains(text, "(2 times)") {
			t.Errorf("%s: got %q, want words of its own", k, text)
		}
	}
	for _, s := range Signals() {
		if s.Text() == Signal("x").Text() || s.complaint() == Signal("x").complaint() || s.Format(0.5) == "" {
			t.Errorf("%s: got %q, want words of its own", s, s.Text())
		}
	}
	for _, r := range Roles() {
		if r.Text() == Role("x").Text() {
			t.Errorf("%s: got %q, want words of its own", r, r.Text())
		}
	}
	for _, s := range []State{Operational, Degraded, PartialOutage, MajorOutage, Recovering} {
		if s.Text() == Unknown.Text() {
			t.Errorf("%s: got %q, want words of its own", s, s.Text())
		}
	}
	if got, want := (Entry{Kind: "<img>", Times: 1}).Text(), "Something else happened"; got != want {
		t.Errorf("a foreign kind: got %q, want %q", got, want)
	}
}

func TestNumbers(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000", 12.6: "13"} {
		if got := thousands(v); got != want {
			t.Errorf("%v: got %q, want %q", v, got, want)
		}
	}
	if got, want := (Entry{Kind: Throttled, Value: 0.5, Times: 1}).Text(), "Connections are throttled to 0.5 a second"; got != want {
		t.Errorf("throttle: got %q, want %q", got, want)
	}
}

func TestSeverityIsAWord(t *testing.T) {
	for s := None; s <= SEV1; s++ {
		text, err := s.MarshalText()
		var back Severity
		if err != nil || back.UnmarshalText(text) != nil || back != s {
			t.Errorf("%v: got %s and %v, want it back", s, text, back)
		}
	}
	if new(Severity).UnmarshalText([]byte("SEV9")) == nil {
		t.Error("SEV9: got no error, want one")
	}
}
