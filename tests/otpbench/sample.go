package main

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// sample is one figure that a measurement printed.
type sample struct {
	variant string
	value   float64
}

// parseSamples reads what a measurement of a row printed: lines "ROW VARIANT VALUE", at least one.
func parseSamples(row, text string) ([]sample, error) {
	var all []sample
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) != 3 || words[0] != row {
			return nil, fmt.Errorf("line %q is not %q VARIANT VALUE", strings.TrimSpace(line), row)
		}
		value, err := strconv.ParseFloat(words[2], 64)
		if err != nil || math.IsNaN(value) || math.IsInf(value, 0) {
			return nil, fmt.Errorf("line %q: %q is not a number", strings.TrimSpace(line), words[2])
		}
		all = append(all, sample{words[1], value})
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: no line was printed", row)
	}
	return all, nil
}

// figures are the values of one row and side, by variant, one a round.
type figures map[string][]float64

func (f figures) add(all []sample) {
	for _, s := range all {
		f[s.variant] = append(f[s.variant], s.value)
	}
}

// variants are the variants' names, the lowest median first.
func (f figures) variants() []string {
	return slices.SortedFunc(maps.Keys(f), func(a, b string) int {
		if d := median(f[a]) - median(f[b]); d != 0 {
			return int(math.Copysign(1, d))
		}
		return strings.Compare(a, b)
	})
}

// best is the lowest median of the variants, worst the highest; ok is false when nothing was measured.
func (f figures) best() (value float64, ok bool) {
	if len(f) == 0 {
		return 0, false
	}
	return median(f[f.variants()[0]]), true
}

func (f figures) worst() (value float64, ok bool) {
	if len(f) == 0 {
		return 0, false
	}
	return median(f[f.variants()[len(f)-1]]), true
}

// median of at least one value; of an even number, the mean of the two in the middle.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}
