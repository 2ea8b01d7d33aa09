package main

import (
	"slices"
	"strings"
	"testing"
)

func TestParseSamples(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       []sample
		err        string
	}{
		{name: "one", text: "start bare 12.5\n", want: []sample{{"bare", 12.5}}},
		{name: "several", text: "start a 1\nstart b 2.000", want: []sample{{"a", 1}, {"b", 2}}},
		{name: "none", text: "", err: "no line"},
		{name: "another row", text: "storm a 1\n", err: `"storm a 1" is not "start"`},
		{name: "no number", text: "start a fast\n", err: `"fast" is not a number`},
		{name: "not finite", text: "start a NaN\n", err: `"NaN" is not a number`},
		{name: "chatter", text: "start a 1\nhello\n", err: `"hello"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := parseSamples("start", test.text)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("error: got %v, want %q", err, test.err)
				}
				return
			}
			if err != nil || !slices.Equal(got, test.want) {
				t.Errorf("samples: got %v, %v, want %v", got, err, test.want)
			}
		})
	}
}

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		name   string
		values []float64
		want   float64
	}{
		{"one", []float64{3}, 3},
		{"odd, unsorted", []float64{9, 1, 5}, 5},
		{"even", []float64{4, 1, 2, 9}, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := median(test.values); got != test.want {
				t.Errorf("median of %v: got %v, want %v", test.values, got, test.want)
			}
		})
	}
}
