package grpcresolver_test

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/status"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/grpcresolver"
)

// TestServersComeAndGo: calls reach whoever is listed and answers.
func TestServersComeAndGo(t *testing.T) {
	v := newView()
	c := dial(t, v, "firebreak:///api")
	one, two := serve(t, "one", "127.0.0.1:0"), serve(t, "two", "127.0.0.1:0")

	first := make(chan error)
	go func() {
		_, err := c.call(t) // fails at once if nobody waits for the view
		first <- err
	}()
	v.show(one.row())
	if err := <-first; err != nil {
		t.Errorf("a call before anything was known: got %v, want it to wait", err)
	}
	c.until(t, "one listed", "one")
	v.show(one.row(), two.row())
	c.until(t, "another came", "one", "two")
	one.stop()
	c.until(t, "one is dead, and listed", "two")
	again := serve(t, "one again", one.address.String())
	c.until(t, "something answers there again", "one again", "two")
	v.show(again.row())
	c.until(t, "two left", "one again")
	draining := again.row()
	draining.Instance.State = registry.StateDraining
	v.show(draining, two.row())
	c.until(t, "one drains", "two")
}

// TestAmbientErrors: whatever is wrong with the source, the addresses stay.
func TestAmbientErrors(t *testing.T) {
	v := newView()
	s := serve(t, "one", "127.0.0.1:0")
	v.show(s.row())
	c := dial(t, v, "firebreak:///api")
	works := func(when string) {
		t.Helper()
		for range 50 {
			if who, err := c.call(t); err != nil || who != "one" {
				t.Fatalf("%s: got %q, %v, want the server that was known", when, who, err)
			}
		}
	}
	works("listed")
	v.show()
	v.await(t, 1)
	works("nobody listed")
	draining := s.row()
	draining.Instance.State = registry.StateDraining
	v.show(draining)
	v.await(t, 2)
	works("all drain")
	v.stop()
	works("the view has stopped")
	if got := s.accepted.Load(); got != 1 {
		t.Errorf("connections: got %d, want the first to last", got)
	}
}

// await waits until so many snapshots were handed on, and the resolver is back for
// the next.
func (v *view) await(t *testing.T, handed int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for ctx.Err() == nil {
		v.mu.Lock()
		done := v.handed >= handed && v.following > 0
		v.mu.Unlock()
		if done {
			return
		}
	}
	t.Fatalf("snapshots handed on: got fewer than %d", handed)
}

func TestNobodyFromTheStart(t *testing.T) {
	for name, prepare := range map[string]func(v *view){
		"has no instances": func(v *view) { v.show() },
		"view has stopped": func(v *view) { v.stop() },
	} {
		v := newView()
		prepare(v)
		c := dial(t, v, "firebreak:///api")
		if _, err := c.call(t); status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v, want it at once", name, err)
		}
		if name == "has no instances" {
			s := serve(t, "one", "127.0.0.1:0")
			v.show(s.row())
			c.until(t, "one came", "one")
		}
	}
}

// TestWhatIsToldKeepsTheConnection: a new weight is not a new connection.
func TestWhatIsToldKeepsTheConnection(t *testing.T) {
	v := newView()
	s := serve(t, "one", "127.0.0.1:0")
	v.show(s.row())
	c := dial(t, v, "firebreak:///api")
	c.until(t, "listed", "one")
	for i := range 5 {
		heavier := s.row()
		heavier.Instance.Weight, heavier.Instance.Zone = 200+i, "b"
		v.show(heavier)
		v.await(t, i+1)
		c.until(t, "with another weight", "one")
	}
	if got := s.accepted.Load(); got != 1 {
		t.Errorf("connections: got %d, want 1", got)
	}
}

// TestCloseEnds: nobody follows any more when Close has returned.
func TestCloseEnds(t *testing.T) {
	for _, known := range []bool{false, true} {
		v := newView()
		s := serve(t, "one", "127.0.0.1:0")
		if known {
			v.show(s.row())
		}
		c := dial(t, v, "firebreak:///api")
		c.Connect()
		v.await(t, 0)
		if err := c.Close(); err != nil {
			t.Errorf("Close: got %v, want no error", err)
		}
		v.mu.Lock()
		if v.following != 0 {
			t.Errorf("after Close: got %d that follow, want none", v.following)
		}
		v.mu.Unlock()
	}
}

func TestServiceConfigIsTheClientsToRefuse(t *testing.T) {
	v := newView()
	one, two := serve(t, "one", "127.0.0.1:0"), serve(t, "two", "127.0.0.1:0")
	v.show(one.row(), two.row())
	c := dial(t, v, "firebreak:///api", grpc.WithDisableServiceConfig())
	for range 20 { // gRPC's own default stays with the first
		if who, err := c.call(t); err != nil || who != "one" {
			t.Fatalf("got %q, %v, want one", who, err)
		}
	}
}

func TestWrongTargets(t *testing.T) {
	for target, want := range map[string]string{
		"firebreak:///":          "grpcresolver: firebreak:",
		"firebreak:///a/b":       "grpcresolver: firebreak:///a/b",
		"firebreak://here/api":   `names the authority "here"`,
		"firebreak:///%00":       "grpcresolver",
		"firebreak:///unwatched": "stopped",
	} {
		if _, err := dial(t, newView(), target).call(t); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %q", target, err, want)
		}
	}
	for _, cfg := range []grpcresolver.Config{{Scheme: "Upper"}, {Scheme: "1st"}, {Scheme: "with space"}} {
		if b, err := grpcresolver.New(newView(), cfg); b != nil || err == nil {
			t.Errorf("New(%+v): got no error, want one", cfg)
		}
	}
	if b, err := grpcresolver.New(nil, grpcresolver.Config{}); b != nil || err == nil {
		t.Error("New without a view: got no error, want one")
	}
	broken, err := grpcresolver.New(newView(), grpcresolver.Config{ServiceConfig: "{"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dialWith(t, broken, "firebreak:///api").call(t); err == nil || !strings.Contains(err.Error(), "Config.ServiceConfig") {
		t.Errorf("a wrong service config: got %v, want an error that says so", err)
	}
}

// told keeps what a resolver tells gRPC.
type told struct {
	resolver.ClientConn
	states []resolver.State
}

func (c *told) UpdateState(s resolver.State) error {
	c.states = append(c.states, s)
	return nil
}

// TestWhatBalancersAreTold: the live first, each with its weight and zone.
func TestWhatBalancersAreTold(t *testing.T) {
	v := newView()
	row := func(id string, weight int, standing registry.Status) registry.Row {
		return registry.Row{Key: "/services/api/" + id, Status: standing, Instance: registry.Instance{ID: id, Host: "10.0.0.7", Port: 50051, Zone: "z-" + id, Weight: weight}}
	}
	v.show(row("a", 1, registry.StatusLimbo), row("b", 2, registry.StatusQuarantinedCached), row("c", 3, registry.StatusLive))
	builder, err := grpcresolver.New(v, grpcresolver.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var target resolver.Target
	target.URL.Path = "/api"
	cc := &told{}
	r, err := builder.Build(target, cc, resolver.BuildOptions{DisableServiceConfig: true})
	if err != nil {
		t.Fatal(err)
	}
	v.await(t, 0)
	r.ResolveNow(resolver.ResolveNowOptions{})
	r.ResolveNow(resolver.ResolveNowOptions{})
	r.Close()
	if len(cc.states) != 1 {
		t.Fatalf("states: got %d, want one: nothing has changed", len(cc.states))
	}
	var got []grpcresolver.Instance
	for i, endpoint := range cc.states[0].Endpoints {
		in, ok := grpcresolver.InstanceOf(endpoint)
		if at := cc.states[0].Addresses[i].Addr; !ok || at != "10.0.0.7:50051" {
			t.Errorf("endpoint %d: got %v at %s, want an instance", i, in, at)
		}
		got = append(got, in)
	}
	want := []grpcresolver.Instance{{"b", "z-b", 2, false}, {"c", "z-c", 3, false}, {"a", "z-a", 1, true}}
	for i := range want {
		if len(got) != len(want) || got[i] != want[i] {
			t.Fatalf("told: got %v, want %v", got, want)
		}
	}
	if _, ok := grpcresolver.InstanceOf(resolver.Endpoint{}); ok {
		t.Error("an endpoint of somebody else: got an instance")
	}
}
