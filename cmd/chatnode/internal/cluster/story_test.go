package cluster

import (
	"slices"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/actors"
)

func TestStoryteller(t *testing.T) {
	for _, row := range []struct {
		name   string
		events []event
		want   []string
	}{
		{
			"a node exits and comes back",
			[]event{
				processStarted{Name: "node-3", Life: 1},
				processReady{Name: "node-3", Life: 1},
				processExited{Name: "node-3", Life: 1, Code: 70},
				processStarted{Name: "node-3", Life: 2},
				processReady{Name: "node-3", Life: 2},
			},
			[]string{"node-3 exited with code 70 (restart intensity exceeded)", "node-3 started again", "node-3 ready again"},
		},
		{"what we stop is no story", []event{processExited{Name: "node-3", Code: 143, Asked: true}}, nil},
		{
			"the bad record",
			[]event{
				putCut{},
				recordSeen{Key: badKey},
				recordSeen{Key: badKey, Value: "{}", TTL: time.Minute, Good: true},
				recordSeen{Key: badKey, Value: "{}", TTL: time.Minute, Good: true}, // the next beat
			},
			[]string{
				"the proxy cut the announcement between its headers and its body",
				`etcd holds a bad record for api-4: value "", never expires`,
				"etcd holds a good record for api-4",
			},
		},
		{
			"a bad record that expires",
			[]event{recordSeen{Key: badKey, Value: "{", TTL: time.Minute}},
			[]string{`etcd holds a bad record for api-4: value "{", expires in 1m0s`},
		},
		{
			"what the nodes did",
			[]event{
				nodeReported{Node: "node-1", Kind: actors.EventChildRestarting},
				nodeReported{Node: "node-1", Kind: actors.EventPublished},
				nodeReported{Node: "node-1", Kind: actors.EventKeyQuarantined, Key: badKey, Class: "empty"},
				nodeReported{Node: "node-1", Kind: actors.EventKeyReleased, Key: badKey},
			},
			[]string{
				"node-1 restarted the watcher of the API directory",
				"node-1 quarantined api-4 (value: empty)", "node-1 released api-4",
			},
		},
		{
			"users come, go and come back",
			[]event{
				loadSampled{Life: 1, Connected: 50},
				loadSampled{Life: 1, Connected: 100},
				loadSampled{Life: 1, Connected: 20, Lost: 80},
				loadSampled{Life: 1, Connected: 98, Lost: 80},
				loadSampled{Life: 1, Connected: 99, Lost: 80},
				loadSampled{Life: 1, Connected: 100, Lost: 80},
			},
			[]string{" sessions lost: 80", " 99 of 100 users are connected again"},
		},
		{
			"guilds go and come back",
			[]event{
				loadSampled{Life: 1, Connected: 50},
				loadSampled{Life: 1, Connected: 50, Unavailable: 3},
				loadSampled{Life: 1, Connected: 50, Unavailable: 7},
				loadSampled{Life: 1, Connected: 50},
			},
			[]string{" guilds are unavailable", " all guilds are available again"},
		},
		{
			"a new load counts from zero",
			[]event{loadSampled{Life: 1, Connected: 100, Lost: 80}, loadSampled{Life: 2, Connected: 100, Lost: 81}},
			[]string{" sessions lost: 80", " sessions lost: 81"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := storyteller{act: "naive"}
			var got []string
			for _, e := range row.events {
				for _, n := range s.tell(e) {
					line := n.subject + " " + n.text
					if n.amount > 0 {
						line += ": " + thousands(n.amount)
					}
					got = append(got, line)
				}
			}
			want := slices.Clone(row.want)
			for i, w := range want {
				if w[0] != ' ' && !slices.Contains([]string{"node-1", "node-3"}, w[:min(6, len(w))]) {
					want[i] = " " + w
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("story:\n got %q\nwant %q", got, want)
			}
		})
	}
}

func TestTellerKeepsQuietWhenSilenced(t *testing.T) {
	s := &screen{notes: make(chan note, 10)}
	tell := newTeller("naive", s)
	tell.tell(putCut{})
	tell.silence()
	tell.tell(loadSampled{Life: 1, Connected: 0, Lost: 100})
	tell.say(note{text: "nobody hears"})
	tell.speak(s)
	tell.tell(loadSampled{Life: 1, Connected: 0, Lost: 101})
	if len(s.notes) != 2 {
		t.Fatalf("notes: got %d, want 2", len(s.notes))
	}
	<-s.notes
	if n := <-s.notes; n.amount != 1 {
		t.Errorf("sessions lost after the silence: got %d, want the 1 since then", n.amount)
	}
}
