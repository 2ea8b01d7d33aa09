package actors_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/registrytest"
	"github.com/firebreak-go/firebreak/supervision"
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

// A tree of three levels recovers: first from the crash of a worker, with which
// its siblings that were started after it are restarted, and then from a second
// one, which is more than the supervisor in the middle may bear.
func ExampleSupervisor() {
	system := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.DiscardHandler)
	}))
	shop := actors.SupervisorSpec{
		Spec: supervision.Spec{Strategy: supervision.RestForOne}, // one restart in five seconds, as in OTP
		Children: []actors.Child{
			{
				ChildSpec: supervision.ChildSpec{ID: "stock"},
				Props: actor.PropsFromFunc(func(c actor.Context) { // an ordinary actor
					if order, ok := c.Message().(string); ok {
						panic("no such thing: " + order)
					}
				}),
			},
			{
				ChildSpec: supervision.ChildSpec{ID: "feed"},
				Run: func(ctx context.Context) error { // a plain function
					<-ctx.Done()
					return nil
				},
			},
		},
	}
	tree, err := actors.NewSupervisor(actors.SupervisorConfig{System: system, SupervisorSpec: actors.SupervisorSpec{
		Children: []actors.Child{{ChildSpec: supervision.ChildSpec{ID: "shop"}, Supervisor: &shop}},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	events, end := tree.Subscribe(100)
	defer end()
	if err := tree.Start(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	stock := tree.Branch("shop").PID("stock") // the same over all restarts
	shops := 0
	for event := range events {
		fmt.Println(event.Kind, event.Child)
		switch {
		case event.Kind == actors.EventSupervisorUp && event.Child == "root":
			fmt.Println("-- a worker crashes")
			system.Root.Send(stock, "unicorn")
		case event.Kind == actors.EventChildRestarting && event.Child == "root/shop/feed":
			fmt.Println("-- once more, which is too often")
			system.Root.Send(stock, "dragon")
		case event.Kind == actors.EventSupervisorUp && event.Child == "root/shop":
			if shops++; shops == 2 {
				end() // of the events
			}
		case event.Kind == actors.EventSupervisorGaveUp:
			fmt.Println("--", event.Reason)
		}
	}
	fmt.Println(tree.Stop(context.Background()))
	// Output:
	// child_started root/shop
	// child_started root/shop/stock
	// child_started root/shop/feed
	// supervisor_up root/shop
	// supervisor_up root
	// -- a worker crashes
	// child_exited root/shop/stock
	// child_stopping root/shop/feed
	// child_exited root/shop/feed
	// child_restarting root/shop/stock
	// child_restarting root/shop/feed
	// -- once more, which is too often
	// child_exited root/shop/stock
	// supervisor_gave_up root/shop
	// -- panic: no such thing: dragon
	// child_stopping root/shop/feed
	// child_exited root/shop/feed
	// supervisor_down root/shop
	// child_exited root/shop
	// child_restarting root/shop
	// child_started root/shop/stock
	// child_started root/shop/feed
	// supervisor_up root/shop
	// <nil>
}

// A plain function that fails is run again. It ends when its context does.
func ExampleSupervisor_function() {
	attempts, connected := 0, make(chan struct{})
	tree, err := actors.NewSupervisor(actors.SupervisorConfig{SupervisorSpec: actors.SupervisorSpec{Children: []actors.Child{{
		ChildSpec: supervision.ChildSpec{ID: "feed", Restart: supervision.Transient},
		Run: func(ctx context.Context) error {
			attempts++
			if attempts == 1 {
				return errors.New("connection refused")
			}
			close(connected)
			<-ctx.Done()
			return nil
		},
	}}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := tree.Start(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	<-connected
	fmt.Println("attempts:", attempts)
	fmt.Println(tree.Stop(context.Background()), tree.Exit())
	// Output:
	// attempts: 2
	// <nil> shutdown
}

// A client picks an instance for each call, and says how the call ended. Who
// fails twice is left out for half a minute.
func ExampleRuntime_Picker() {
	ctx := context.Background()
	backend := registrytest.NewMemory(registrytest.Config{})
	for i := range 3 {
		id := fmt.Sprint("api-", i)
		record, err := registry.Encode(registry.Instance{Service: "api", ID: id, Host: "10.0.0.7", Port: 50051 + i})
		if err != nil {
			fmt.Println(err)
			return
		}
		backend.Put("/services/api/"+id, record, time.Minute)
	}
	runtime, err := actors.New(actors.Config{Source: backend})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := errors.Join(runtime.Watch("api"), runtime.Start(ctx), runtime.WaitReady(ctx, "api", 3)); err != nil {
		fmt.Println(err)
		return
	}
	picker, err := runtime.Picker("api", actors.PickerConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	call := func(in *registry.Instance) error { // api-1 is broken
		if in.ID == "api-1" {
			return errors.New("connection refused")
		}
		return nil
	}
	for range 6 {
		if choice, ok := picker.Pick(); ok {
			choice.Done(call(choice.Instance()))
		}
	}
	for _, ejection := range picker.Ejections() {
		fmt.Println(ejection.Row.Instance.ID, "is left out,", picker.Len(), "are picked from")
	}
	picker.Close()
	fmt.Println(runtime.Stop(ctx))
	// Output:
	// api-1 is left out, 2 are picked from
	// <nil>
}
