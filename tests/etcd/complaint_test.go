package etcd

import (
	"errors"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/registry"
)

// TestComplaintIsHeard: the torn write of 2020, by a third party, on a real etcd. No
// write of the announcer's fails, and its next renewal is far away.
func TestComplaintIsHeard(t *testing.T) {
	s := start(t, "incident")
	go s.forget(t.Context())
	instance := registry.Instance{Service: "api", ID: "api-1", Incarnation: "1", Host: "10.0.0.7", Port: 50051}
	begin := func(prepare func(*actors.Runtime) error) (*actors.Runtime, <-chan actors.Event) {
		t.Helper()
		etcd := connect(t, s, 0)
		runtime, err := actors.New(actors.Config{Source: etcd, Writer: etcd, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		events, _ := runtime.Subscribe(1 << 10)
		if err := errors.Join(prepare(runtime), runtime.Start(t.Context())); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = runtime.Stop(t.Context()) })
		return runtime, events
	}
	announcer, heard := begin(func(r *actors.Runtime) error { return r.Announce(instance, time.Hour) })
	consumer, _ := begin(func(r *actors.Runtime) error { return r.Watch("api") })
	if err := consumer.WaitReady(t.Context(), "api", 1); err != nil {
		t.Fatal(err)
	}
	client := dial(t, s.addr)
	s.send(t, client, nil, apiOne, row{line: "PUT ", head: h(form, length)}, held{})
	_ = client.CloseWrite()
	deadline := time.After(limit)
	for repaired := false; !repaired; {
		select {
		case e := <-heard:
			repaired = e.Kind == actors.EventLeaseRepaired
			if e.Kind == actors.EventAnnounceRetry {
				t.Errorf("announcer: got %+v, want no write of its own to fail", e)
			}
		case <-deadline:
			t.Fatalf("record torn by somebody: not repaired after %v; consumer: %+v", limit, consumer.Status())
		}
	}
	if state := announcer.Status().Records[0].State; state != "announced" {
		t.Errorf("record: got %s, want it announced", state)
	}
}

// TestComplaintsWakeNobody: whoever watches a service, or lists one or all of them,
// does not see complaints; whoever follows complaints does. (Who watches what is
// above, from an index of the past, would: etcd hides nothing in its history.)
func TestComplaintsWakeNobody(t *testing.T) {
	s := start(t, "plain")
	go s.forget(t.Context())
	r := connect(t, s, 300*time.Millisecond)
	created, err := r.Create(t.Context(), apiOne, "v", time.Minute)
	expectError(t, "create", err, nil)
	root, err := registry.ComplaintRoot("")
	expectError(t, "root", err, nil)
	c := registry.Complaint{Service: "api", Instance: "api-1", Consumer: "node-1", Class: "empty", Index: created.Index, Hash: 7}
	value, err := registry.EncodeComplaint(c)
	expectError(t, "encode", err, nil)
	_, err = r.Create(t.Context(), c.Key(root), value, registry.ComplaintTTL)
	expectError(t, "complaint", err, nil)
	_, err = r.Next(t.Context(), directory, created.Index)
	expectError(t, "watch of the service", err, registry.ErrQuiet)
	for _, above := range []string{directory, "/services/"} {
		if l, err := r.List(t.Context(), above); err != nil || len(l.Entries) > 1 {
			t.Errorf("list of %s: got %+v and error %v, want no complaint", above, l.Entries, err)
		}
	}
	change, err := r.Next(t.Context(), root, created.Index)
	if got, bad := registry.DecodeComplaint(root, change.Entry); err != nil || bad != nil || got != c || change.Entry.TTL == 0 {
		t.Errorf("watch of %s: got %+v, errors %v and %v, want the complaint, with a TTL", root, got, err, bad)
	}
}
