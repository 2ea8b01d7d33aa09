package actors_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/registrytest"
)

// route sends what begins with a path to a service.
type route struct{ path, service string }

// parseRoute reads a route, "/path service;". The semicolon is there so that no
// route is the beginning of another one: a value that was cut off is a fault.
func parseRoute(_, _, value string) (route, error) {
	text, whole := strings.CutSuffix(value, ";")
	path, service, two := strings.Cut(text, " ")
	if !whole || !two || !strings.HasPrefix(path, "/") || service == "" || strings.ContainsAny(service, " ;") {
		return route{}, &registry.Fault{Class: registry.ClassShape, Reason: "want /path service;"}
	}
	return route{path, service}, nil
}

// table is a routing table that follows a directory.
type table struct {
	mu     sync.Mutex
	routes map[string]route
	told   chan string
}

// Consume implements [actors.Consumer].
func (t *table) Consume(_ context.Context, v actors.Value) error {
	if v.Gone {
		t.mu.Lock()
		delete(t.routes, v.ID)
		t.mu.Unlock()
		t.told <- v.ID + " is gone"
		return nil
	}
	r, err := parseRoute(v.Service, v.ID, v.Data)
	if err != nil {
		return err // the table keeps the route that it has
	}
	t.mu.Lock()
	t.routes[v.ID] = r
	t.mu.Unlock()
	t.told <- v.ID + ": " + r.path + " goes to " + r.service
	return nil
}

// A directory can hold any kind of value: here the routes of a proxy. A value
// that is no route costs nothing but its own key's updates.
func ExampleRuntime_Follow() {
	ctx := context.Background()
	backend := registrytest.NewMemory(registrytest.Config{}) // in production: etcdv2.New
	backend.Put("/services/routes/chat", "/chat api;", 0)

	routes := &table{routes: map[string]route{}, told: make(chan string, 10)}
	runtime, err := actors.New(actors.Config{Source: backend})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = errors.Join(runtime.Follow(actors.Directory{Service: "routes", Consumer: routes}), runtime.Start(ctx))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(<-routes.told)
	events, end := runtime.Subscribe(100)
	defer end()
	backend.Put("/services/routes/chat", "/ch", 0) // torn
	for e := range events {
		if e.Kind == actors.EventKeyQuarantined {
			fmt.Println(e.Key, e.Class)
			break
		}
	}
	backend.Put("/services/routes/chat", "/chat api-2;", 0)
	fmt.Println(<-routes.told)
	fmt.Println(runtime.Stop(ctx))
	// Output:
	// chat: /chat goes to api
	// /services/routes/chat shape
	// chat: /chat goes to api-2
	// <nil>
}

// The same proof that the built-in decoder has passed.
func TestRouteIsCertified(t *testing.T) {
	registrytest.Certify(t, registrytest.Decoder[route]{
		Decode: parseRoute,
		Validate: func(r route) error {
			if !strings.HasPrefix(r.path, "/") || r.service == "" {
				return errors.New("a half-filled route")
			}
			return nil
		},
		Equal: func(a, b route) bool { return a == b },
	}, []registrytest.Sample{{Service: "routes", ID: "chat", Value: "/chat api;"}})
}
