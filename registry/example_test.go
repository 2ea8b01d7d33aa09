package registry_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/registrytest"
)

// One node follows a service's directory while a record in it is torn and
// heals. The loop is what package actors does with one actor per key.
func Example() {
	ctx := context.Background()
	source := registrytest.NewMemory(registrytest.Config{})
	put := func(id string, port int) {
		key, _ := registry.Key("", "api", id)
		value, _ := registry.Encode(registry.Instance{Service: "api", ID: id, Host: "10.0.0.7", Port: port})
		source.Put(key, value, time.Minute)
	}
	put("api-1", 50051)
	put("api-2", 50052)

	directory, _ := registry.Directory("", "api")
	view := registry.NewView(directory, registry.Config{})
	now := time.Unix(0, 0)
	listing, _ := source.List(ctx, directory)
	carryOut(view, view.Resync(listing, now), now)

	index := listing.Index
	next := func() {
		change, _ := source.Next(ctx, directory, index)
		index, now = change.Index, now.Add(2*time.Second)
		carryOut(view, view.Observe(change, now), now)
	}
	source.Put(directory+"api-2", "", 0) // the body was lost
	next()
	put("api-2", 50052)
	next()
	// Output:
	// added 10.0.0.7:50051
	// serving 1
	// added 10.0.0.7:50052
	// serving 2
	// quarantined /services/api/api-2: empty, the last good value is of index 2
	// serving 2
	// released /services/api/api-2 after 2s
	// serving 2
}

// carryOut performs what a view asks for, and prints what it tells.
func carryOut(view *registry.View, steps []registry.Step, now time.Time) {
	for _, step := range steps {
		switch s := step.(type) {
		case registry.Judge:
			id, _ := registry.SplitKey("/services/api/", s.Entry.Key)
			in, err := registry.Decode("api", id, s.Entry.Value)
			if fault, bad := errors.AsType[*registry.Fault](err); bad {
				carryOut(view, view.Reject(s.Entry.Key, s.Entry.Index, fault, now), now)
			} else {
				carryOut(view, view.Accept(s.Entry.Key, s.Entry.Index, in, now), now)
			}
		case registry.Added:
			fmt.Println("added", s.Instance.Address())
		case registry.Updated:
			fmt.Println("updated", s.Instance.Address())
		case registry.Removed:
			fmt.Println("removed", s.Key, s.Kind)
		case registry.Quarantined:
			fmt.Printf("quarantined %s: %s, the last good value is of index %d\n", s.Bad.Key, s.Bad.Class, s.Bad.ServingIndex)
		case registry.Released:
			fmt.Println("released", s.Key, "after", s.After)
		case registry.Refused: // of a directory with a consumer
		case registry.Drop: // an actor per key would stop here
		case registry.Engaged, registry.Disengaged, registry.Reminded, registry.Held, registry.Reclaimed, registry.Doubted,
			registry.Degraded, registry.Aged, registry.Slept, registry.Diverged: // facts about the guards, for the event stream
		case registry.Reread, registry.Probe, registry.Relist: // requests of a view that ticks
		case registry.Ordered, registry.Lifted, registry.Rejudged, registry.Rebased: // facts about operators
		case registry.Republish:
			fmt.Println("serving", view.Snapshot(now).Len())
		}
	}
}

// A torn record is a fault with a class, and never an instance.
func ExampleDecode() {
	for _, value := range []string{
		`{"v":1,"service":"api","id":"api-7","host":"10.0.0.7","port":50051}`,
		`{"v":1,"service":"api","id":"api-7","host":"10.0`,
		``,
	} {
		in, err := registry.Decode("api", "api-7", value)
		fmt.Printf("%q %v\n", in.ID, err)
	}
	// Output:
	// "api-7" <nil>
	// "" registry: bad value (syntax): unexpected EOF after byte 48
	// "" registry: bad value (empty): the value is empty (0 bytes)
}

// The announcer's side: what a lease asks for when its first write was torn.
func ExampleLease() {
	instance := registry.Instance{Service: "api", ID: "api-7", Incarnation: "1", Host: "10.0.0.7", Port: 50051}
	lease, err := registry.NewLease(registry.LeaseConfig{}, "/services/api/api-7", instance)
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Unix(0, 0)
	for _, action := range lease.Start(now) {
		fmt.Printf("%T\n", action)
	}
	torn := registry.Entry{Key: "/services/api/api-7", Value: "", Index: 7}
	for _, action := range lease.Answer(now, torn, nil) {
		if swap, ok := action.(registry.LeaseSwap); ok {
			fmt.Printf("%T of index %d, TTL %v\n", swap, swap.Previous, swap.TTL)
		}
	}
	// Output:
	// registry.LeaseCreate
	// registry.LeaseSwap of index 7, TTL 1m0s
}
