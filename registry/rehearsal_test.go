package registry_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// TestRehearsalJudge: both sides of every boundary.
func TestRehearsalJudge(t *testing.T) {
	listed := func(serving, found int) registry.Rehearsal {
		return registry.Rehearsal{Serving: serving, Listed: true, Found: found}
	}
	silent := func(serving, saved int) registry.Rehearsal {
		return registry.Rehearsal{Serving: serving, Failure: "connection refused", Kept: true, Saved: saved}
	}
	suspect := listed(4, 4)
	suspect.Suspect = true
	untouched := listed(4, 4)
	untouched.Kept, untouched.Saved = true, 0
	forgotten := silent(4, 4)
	forgotten.Kept = false
	for _, c := range []struct {
		name   string
		cfg    registry.RehearsalConfig
		in     registry.Rehearsal
		would  int
		from   registry.Origin
		reason string // a part of each, joined; empty is safe
	}{
		{"all is there", registry.RehearsalConfig{}, listed(4, 4), 4, registry.OriginRegistry, ""},
		{"exactly half", registry.RehearsalConfig{}, listed(4, 2), 2, registry.OriginRegistry, ""},
		{"less than half", registry.RehearsalConfig{}, listed(5, 2), 2, registry.OriginRegistry, "2 instances, and 5 are served"},
		{"nothing", registry.RehearsalConfig{}, listed(4, 0), 0, registry.OriginRegistry, "find 0 instances (0 keys are bad), and needs 1; 0 instances, and 4"},
		{"nothing now and then", registry.RehearsalConfig{}, listed(0, 0), 0, registry.OriginRegistry, "needs 1"},
		{"nothing is needed", registry.RehearsalConfig{MinReady: -1}, listed(0, 0), 0, registry.OriginRegistry, ""},
		{"as many as needed", registry.RehearsalConfig{MinReady: 3}, listed(3, 3), 3, registry.OriginRegistry, ""},
		{"one too few", registry.RehearsalConfig{MinReady: 3}, listed(3, 2), 2, registry.OriginRegistry, "needs 3"},
		{"no fraction", registry.RehearsalConfig{MinFraction: -1}, listed(9, 1), 1, registry.OriginRegistry, ""},
		{"suspect", registry.RehearsalConfig{}, suspect, 4, registry.OriginRegistry, "suspects its own decoder"},
		{"silent, saved", registry.RehearsalConfig{}, silent(4, 3), 3, registry.OriginDisk, ""},
		{"silent, little saved", registry.RehearsalConfig{}, silent(4, 1), 1, registry.OriginDisk, "1 instances, and 4"},
		{"silent, nothing saved", registry.RehearsalConfig{}, forgotten, 0, registry.OriginDisk, "silent (connection refused); 0 instances, and 4"},
		{"the disk counts only in silence", registry.RehearsalConfig{}, untouched, 4, registry.OriginRegistry, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := c.cfg.Judge(c.in)
			if got.Would != c.would || got.From != c.from || got.Safe != (c.reason == "") {
				t.Errorf("verdict: got %+v, want %d from %v, safe %v", got, c.would, c.from, c.reason == "")
			}
			rest := strings.Join(got.Reasons, "; ")
			for part := range strings.SplitSeq(c.reason, "; ") {
				_, after, found := strings.Cut(rest, part)
				if !found {
					t.Errorf("reasons: got %q, want %q in it", got.Reasons, part)
				}
				rest = after
			}
		})
	}
}

// TestColdStartKnowsNothing: what a running view serves on is not there, what is
// good and draining counts as ever.
func TestColdStartKnowsNothing(t *testing.T) {
	now := time.Unix(1e9, 0)
	const directory = "/services/api/"
	listing := registry.Listing{Index: 9}
	for i := range 6 {
		listing.Entries = append(listing.Entries, registry.Entry{Key: fmt.Sprintf("%s%d", directory, i), Value: "good", Index: registry.Index(i + 1)})
	}
	decode := func(e registry.Entry) (registry.Instance, error) {
		if e.Value == "bad" {
			return registry.Instance{}, errors.New("bad")
		}
		in := registry.Instance{Version: 1, Service: "api", ID: strings.TrimPrefix(e.Key, directory), Host: "h", Port: 1, State: registry.StateUp}
		if e.Value == "draining" {
			in.State = registry.StateDraining
		}
		return in, nil
	}
	if got := registry.ColdStart(directory, registry.Config{}, listing, decode, now); got.Len() != 6 || len(got.Quarantined) != 0 {
		t.Errorf("all good: got %d and %d bad, want 6 and none", got.Len(), len(got.Quarantined))
	}
	for i := range 4 {
		listing.Entries[i].Value = "bad"
	}
	listing.Entries[4].Value = "draining"
	got := registry.ColdStart(directory, registry.Config{}, listing, decode, now)
	if got.Len() != 1 || len(got.Quarantined) != 4 || got.Rows.Len() != 2 {
		t.Errorf("four bad, one draining: got %d of %d rows, %d bad, want 1 of 2, 4", got.Len(), got.Rows.Len(), len(got.Quarantined))
	}
	if empty := registry.ColdStart(directory, registry.Config{}, registry.Listing{Index: 9}, decode, now); empty.Len() != 0 {
		t.Errorf("an empty listing: got %d, want none", empty.Len())
	}
}
