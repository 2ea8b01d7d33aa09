package actors_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/registry"
)

// TestComplaintIsHeard: what somebody else tore is repaired at once, long before
// the next renewal would have found it, although no write of ours failed.
func TestComplaintIsHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := newMemory()
		h := announce(t, memory, false, actors.Announcement{Instance: self("a"), Lease: registry.LeaseConfig{TTL: time.Hour}})
		consumer := announce(t, memory, true)
		time.Sleep(5 * time.Second)
		consumer.expect(t, "at first", "a:50051")
		memory.Put(key("a"), "", 0)
		consumer.expect(t, "poisoned", "a:50051")
		time.Sleep(2500 * time.Millisecond)
		h.expectState("two seconds later", "a", "up")
		if bad := consumer.runtime.Snapshot(service).Quarantined; len(bad) != 0 {
			t.Errorf("quarantined: got %+v, want none", bad)
		}
		kinds := h.kinds()
		if kinds[actors.EventComplaintHeard] != 1 || kinds[actors.EventLeaseRepaired] != 1 || kinds[actors.EventAnnounceRetry] != 0 {
			t.Errorf("announcer's events: got %v, want a complaint and a repair, and no failure", kinds)
		}
		if kinds := consumer.kinds(); kinds[actors.EventComplained] != 1 || kinds[actors.EventDiverged] != 0 {
			t.Errorf("consumer's events: got %v, want one complaint and no divergence", kinds)
		}
		consumer.stop(t)
		h.stop(t)
	})
}

// TestMute: whoever wants no complaints has none.
func TestMute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := newMemory()
		memory.Put(key("a"), "{", 0)
		runtime, err := actors.New(actors.Config{Source: memory, Writer: memory, Mute: true})
		if err == nil {
			err = errors.Join(runtime.Watch(service), runtime.Start(t.Context()))
		}
		if err != nil {
			t.Fatalf("Start: got %v, want no error", err)
		}
		time.Sleep(10 * time.Second)
		if l, err := memory.List(t.Context(), "/services/_nack/api/a/"); err != nil || len(l.Entries) > 0 {
			t.Errorf("complaints: got %+v and error %v, want none", l.Entries, err)
		}
		if err := runtime.Stop(t.Context()); err != nil {
			t.Errorf("Stop: got %v, want no error", err)
		}
	})
}

// TestFleetVerdict: a value that nobody else complains of is held against this
// process; a second consumer makes it the data's.
func TestFleetVerdict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := newMemory()
		first := announce(t, memory, true)
		(&first.cell).put(t, "good", 50051)
		(&first.cell).put(t, "well", 50051)
		memory.Put(key("a"), "{", 0)
		time.Sleep(40 * time.Second)
		status := first.runtime.Status()
		if !status.Suspect || len(status.Services[0].Quarantined) != 1 || status.Services[0].Quarantined[0].Verdict != "local" {
			t.Errorf("status of a lone consumer: got suspect %v, %+v, want it suspect, verdict local", status.Suspect, status.Services[0].Quarantined)
		}
		second := announce(t, memory, true)
		time.Sleep(10 * time.Second)
		for name, h := range map[string]*herald{"first": first, "second": second} {
			status := h.runtime.Status()
			if status.Suspect || status.Services[0].Quarantined[0].Verdict != "data" {
				t.Errorf("status of the %s of two: got suspect %v, %+v, want verdict data", name, status.Suspect, status.Services[0].Quarantined)
			}
		}
		time.Sleep(10 * time.Minute)
		l, err := memory.List(t.Context(), "/services/_nack/api/a/")
		if err != nil || len(l.Entries) != 2 || l.Entries[0].TTL == 0 {
			t.Errorf("complaints: got %+v and error %v, want one of each, with a TTL", l.Entries, err)
		}
		kinds := first.kinds()
		if kinds[actors.EventDecoderSuspected] != 1 || kinds[actors.EventDecoderCleared] != 1 || kinds[actors.EventFaultConfirmed] != 1 {
			t.Errorf("events: got %v, want a suspicion, its end, and a confirmation", kinds)
		}
		first.stop(t)
		second.stop(t)
		time.Sleep(10 * time.Minute)
		if l, err := memory.List(t.Context(), "/services/_nack/api/a/"); err != nil || len(l.Entries) != 0 {
			t.Errorf("complaints after the consumers: got %+v and error %v, want them expired", l.Entries, err)
		}
	})
}

// TestComplaintsOfAFleetAreFew: many consumers of one bad value write eight.
func TestComplaintsOfAFleetAreFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := newMemory()
		consumers := make([]*herald, 0, 30)
		for range cap(consumers) {
			consumers = append(consumers, announce(t, memory, true))
		}
		(&consumers[0].cell).put(t, "good", 50051)
		(&consumers[0].cell).put(t, "well", 50051)
		memory.Put(key("a"), "{", 0)
		most := 0
		for range 10 * 60 {
			time.Sleep(time.Second)
			l, err := memory.List(t.Context(), "/services/_nack/api/a/")
			if err != nil {
				t.Fatal(err)
			}
			most = max(most, len(l.Entries))
		}
		// Two that look at one moment both find room.
		if most < registry.MaxComplaints || most > registry.MaxComplaints+2 {
			t.Errorf("complaints of %d consumers: got %d at one moment, want %d", len(consumers), most, registry.MaxComplaints)
		}
		for _, c := range consumers {
			if c.runtime.Status().Suspect {
				t.Error("a consumer that is not alone suspects itself")
			}
			c.stop(t)
		}
	})
}
