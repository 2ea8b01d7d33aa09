package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// writeTables prints a line for each row, and below it one for each variant of each side.
func writeTables(out io.Writer, list []row, all results) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "row\tn\tOTP\tprotoactor\tours\tours/OTP\tours/protoactor\ttarget\tmet")
	for _, r := range list {
		fmt.Fprintln(table, strings.Join(line(r, all[r.name]), "\t"))
	}
	fmt.Fprintln(table)
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(out, "Above: the best variant of a peer, the worst of ours. Each of them:")
	fmt.Fprintln(table, "row\tside\tvariant\tmedian\tleast\tmost")
	for _, r := range list {
		for _, side := range r.sides {
			f := all[r.name][side]
			for _, v := range f.variants() {
				fmt.Fprintln(table, strings.Join([]string{
					r.name, side, v, spell(r, median(f[v])), spell(r, slices.Min(f[v])), spell(r, slices.Max(f[v])),
				}, "\t"))
			}
		}
	}
	return table.Flush()
}

// line is one row of the table, cell by cell.
func line(r row, sides map[string]figures) []string {
	theirs, hasOTP := sides[otp].best()
	proto, hasProto := sides[protoactor].best()
	own, hasOurs := sides[ours].worst()
	return []string{
		r.what, fmt.Sprint(r.n),
		unless(!hasOTP, spell(r, theirs)), unless(!hasProto, spell(r, proto)), unless(!hasOurs, spell(r, own)),
		unless(!hasOTP || !hasOurs, ratio(own, theirs)), unless(!hasProto || !hasOurs, ratio(own, proto)),
		target(r), unless(!hasOurs, verdict(r, own, theirs, proto)),
	}
}

func unless(missing bool, text string) string {
	if missing {
		return "-"
	}
	return text
}

// ratio keeps two digits that count.
func ratio(a, b float64) string { return fmt.Sprintf("%.2g", a/b) }

// target says what a row asks of ours.
func target(r row) string {
	var demands []string
	if r.most > 0 {
		demands = append(demands, "≤ "+spell(r, r.most))
	}
	if r.otp > 0 {
		demands = append(demands, fmt.Sprintf("≤ %v × OTP", r.otp))
	}
	if r.protoactor > 0 {
		demands = append(demands, fmt.Sprintf("≤ %v × protoactor", r.protoactor))
	}
	return strings.Join(demands, ", ")
}

// verdict says whether ours reached what the row asks.
func verdict(r row, own, theirs, proto float64) string {
	if r.most > 0 && own > r.most || r.otp > 0 && own > r.otp*theirs || r.protoactor > 0 && own > r.protoactor*proto {
		return "no"
	}
	return "yes"
}

// spell writes a figure in the unit that suits it.
func spell(r row, value float64) string {
	switch {
	case r.bytes:
		return fmt.Sprintf("%.0f B", value)
	case value >= float64(time.Millisecond):
		return fmt.Sprintf("%.1f ms", value/float64(time.Millisecond))
	}
	return fmt.Sprintf("%.2f µs", value/float64(time.Microsecond))
}
