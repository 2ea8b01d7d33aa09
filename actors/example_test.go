package actors_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/registrytest"
)

// A service follows the instances of another one. A bad value in the registry
// costs nothing but its own key's updates: the last good one stays in service.
func Example() {
	ctx := context.Background()
	backend := registrytest.NewMemory(registrytest.Config{}) // in production: etcdv2.New
	runtime, err := actors.New(actors.Config{Source: backend, Writer: backend})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = errors.Join( // before Start: what to follow, and what to announce
		runtime.Watch("api"),
		runtime.Announce(registry.Instance{Service: "api", ID: "api-1", Host: "10.0.0.7", Port: 50051}, time.Minute),
		runtime.Start(ctx),
		runtime.WaitReady(ctx, "api", 1),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	for instance := range runtime.Snapshot("api").Instances() {
		fmt.Println(instance.ID, instance.Address())
	}
	fmt.Println(runtime.Stop(ctx))
	// Output:
	// api-1 10.0.0.7:50051
	// <nil>
}

// Events say what happened. Here somebody empties a record.
func ExampleRuntime_Subscribe() {
	backend := registrytest.NewMemory(registrytest.Config{})
	record, err := registry.Encode(registry.Instance{Service: "api", ID: "api-1", Host: "10.0.0.7", Port: 50051})
	if err != nil {
		fmt.Println(err)
		return
	}
	backend.Put("/services/api/api-1", record, time.Minute)

	runtime, err := actors.New(actors.Config{Source: backend})
	if err != nil {
		fmt.Println(err)
		return
	}
	events, end := runtime.Subscribe(100)
	defer end()
	if err := runtime.Watch("api"); err != nil {
		fmt.Println(err)
		return
	}
	if err := runtime.Start(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	acts := map[actors.EventKind]func(){
		actors.EventSourceSynced:   func() { backend.Put("/services/api/api-1", "", 0) },
		actors.EventKeyQuarantined: func() { backend.Put("/services/api/api-1", record, time.Minute) },
		actors.EventKeyReleased:    func() { fmt.Println(runtime.Stop(context.Background())) },
	}
	for event := range events {
		if act, waited := acts[event.Kind]; waited {
			fmt.Println(event.Kind)
			act()
		}
	}
	// Output:
	// source_synced
	// key_quarantined
	// key_released
	// <nil>
}
