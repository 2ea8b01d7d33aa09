package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/work"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/work/desk"
)

// held is a store that answers a load of a user when it is released.
type held struct {
	entered, release chan struct{}
}

func newHeld() *held { return &held{make(chan struct{}, 100), make(chan struct{})} }

func (h *held) store() *fakeStore {
	return &fakeStore{user: func(ctx context.Context) (*wire.GetUserReply, error) {
		h.entered <- struct{}{}
		select {
		case <-h.release:
		case <-ctx.Done():
		}
		return &wire.GetUserReply{User: &wire.User{Id: 1}}, ctx.Err()
	}}
}

// Loads of guilds find a worker while every worker for users is busy.
func TestLanesDoNotShareWorkers(t *testing.T) {
	h := newHeld()
	address, _ := startStore(t, h.store())
	n, client, _ := startNode(t, Config{Store: address, Workers: 1, CallTimeout: patience})
	done := make(chan error, 1)
	go func() {
		_, err := loadUser(t, client, "x")
		done <- err
	}()
	receive(t, "the load at the store", h.entered)
	if _, err := loadUser(t, client, "x"); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("a second user: got %v, want %v", err, codes.ResourceExhausted)
	}
	_, err := client.LoadGuild(within(t), &wire.LoadGuildRequest{GuildId: 1})
	if got := status.Code(err); got != codes.Unimplemented {
		t.Errorf("a guild meanwhile: got %v, want what this store says: %v", err, codes.Unimplemented)
	}
	close(h.release)
	if err := receive(t, "the first user", done); err != nil {
		t.Errorf("the first user: got %v, want nil", err)
	}
	if load := n.Load(); load.Refused != 1 || load.Limit != 3 || load.Lanes["guilds"].Served != 1 || load.P99MS == 0 {
		t.Errorf("load: got %+v, want one refused of three lanes", load)
	}
}

// A call that would wait too long is refused at once, with a time to come again; one
// with time waits and is answered.
func TestDeadlinesDecideInTheQueue(t *testing.T) {
	address, _ := startStore(t, &fakeStore{user: func(context.Context) (*wire.GetUserReply, error) {
		return &wire.GetUserReply{User: &wire.User{Id: 1}}, nil
	}})
	_, client, _ := startNode(t, Config{Store: address, Workers: 1, Queue: 10, Service: 500 * time.Millisecond, CallTimeout: patience})
	first := make(chan error, 1)
	go func() {
		_, err := loadUser(t, client, "x")
		first <- err
	}()
	eventually(t, "a worker is held", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
		defer cancel()
		_, err := client.LoadUser(ctx, &wire.LoadUserRequest{Token: "x"})
		after, ok := work.RetryAfter(err)
		return status.Code(err) == codes.ResourceExhausted && ok && after >= 100*time.Millisecond
	})
	if _, err := loadUser(t, client, "x"); err != nil {
		t.Errorf("a call with time: got %v, want it answered in its turn", err)
	}
	if err := receive(t, "the first call", first); err != nil {
		t.Errorf("the first call: got %v, want nil", err)
	}
}

// REST says 503 with Retry-After, and 504 when the worker is not done in time.
func TestRESTSheds(t *testing.T) {
	h := newHeld()
	address, _ := startStore(t, h.store())
	rest := listen(t, "127.0.0.1:0")
	n, _, _ := startNode(t, Config{Store: address, Workers: 1, CallTimeout: time.Second, REST: rest})
	get := func() (*http.Response, error) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+rest.Addr().String()+"/api/v10/users/@me", http.NoBody)
		if err != nil {
			return nil, err
		}
		request.Header.Set("Authorization", "Bot x")
		return http.DefaultClient.Do(request)
	}
	first := make(chan int, 1)
	go func() {
		reply, err := get()
		if err != nil {
			first <- 0
			return
		}
		_ = reply.Body.Close()
		first <- reply.StatusCode
	}()
	receive(t, "the call at the store", h.entered)
	reply, err := get()
	if err != nil {
		t.Fatal(err)
	}
	_ = reply.Body.Close()
	after, _ := strconv.Atoi(reply.Header.Get("Retry-After"))
	if reply.StatusCode != http.StatusServiceUnavailable || after < 1 {
		t.Errorf("one call too many: got %d, Retry-After %d, want 503 and a second or more", reply.StatusCode, after)
	}
	if got := receive(t, "the first call", first); got != http.StatusGatewayTimeout {
		t.Errorf("a store that hangs: got %d, want 504", got)
	}
	if got := n.Load().Lanes["rest"]; got.Refused != 1 || got.Served != 1 {
		t.Errorf("load: got %+v, want one refused and one served", got)
	}
}

// What nodes say with their answers is their capacity.
func TestCapacityIsHeardWithTheAnswers(t *testing.T) {
	address, _ := startStore(t, &fakeStore{user: func(context.Context) (*wire.GetUserReply, error) {
		return &wire.GetUserReply{User: &wire.User{Id: 1}}, nil
	}})
	one, _, _ := startNode(t, Config{Store: address, Workers: 5})
	two, _, _ := startNode(t, Config{Store: address, Workers: 7})
	turn := 0
	p, _ := newPool(t, Options{Draw: func(n int) int { turn++; return turn % n }},
		instance(t, "1", one.cfg.Listener.Addr().String()), instance(t, "2", two.cfg.Listener.Addr().String()))
	if got := p.Capacity("users"); got != (Capacity{Listed: 2}) {
		t.Errorf("before any call: got %+v, want two of which nothing is known", got)
	}
	for range 2 {
		if _, err := p.LoadUser(within(t), "x"); err != nil {
			t.Fatal(err)
		}
	}
	if got := p.Capacity("users"); got != (Capacity{Nodes: 2, Listed: 2, Limit: 12}) {
		t.Errorf("after a call to each: got %+v, want 12 workers on two nodes", got)
	}
	if got := p.links.capacity("users", time.Now().Add(time.Minute)); got != (Capacity{Listed: 2}) {
		t.Errorf("a minute later: got %+v, want it forgotten", got)
	}
	if got := p.Capacity("guilds"); got.Nodes != 0 {
		t.Errorf("guilds: got %+v, want nothing known", got)
	}
}

func TestLoadTrailer(t *testing.T) {
	for _, row := range []struct {
		text string
		ok   bool
	}{
		{writeLoad("users", desk.Occupancy{Busy: 3, Limit: 64, Waiting: 9}), true},
		{"users 3/64+9", true},
		{"users -3/64+9", false},
		{"users 3/0+9", false},
		{"users 3/99999+9", false},
		{"everybody 3/64+9", false},
		{"users", false},
		{"", false},
	} {
		if _, got, ok := readLoad(row.text); ok != row.ok || ok && got != (desk.Occupancy{Busy: 3, Limit: 64, Waiting: 9}) {
			t.Errorf("%q: got %+v, %v, want %v", row.text, got, ok, row.ok)
		}
	}
}

// A worker that serves what is late is held by callers that have gone: that is what
// keeps a queue alive that nobody waits in.
func TestServingWhatIsLate(t *testing.T) {
	address, _ := startStore(t, &fakeStore{user: func(context.Context) (*wire.GetUserReply, error) {
		return &wire.GetUserReply{User: &wire.User{Id: 1}}, nil
	}})
	n, client, _ := startNode(t, Config{
		Store: address, Workers: 1, Queue: 100, Service: 20 * time.Millisecond, Late: desk.Serve, CallTimeout: patience,
	})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	ends := make(chan error, 20)
	for range cap(ends) {
		go func() {
			_, err := client.LoadUser(ctx, &wire.LoadUserRequest{Token: "x"})
			ends <- err
		}()
	}
	late := 0
	for range cap(ends) {
		if err := receive(t, "a call", ends); status.Code(err) == codes.DeadlineExceeded {
			late++
		} else if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("call: got %v, want its deadline", err)
		}
	}
	eventually(t, "the queue to be worked off", func() bool { return n.Load().InFlight == 0 })
	if got := n.Load().Lanes["users"]; late < 15 || got.BusySeconds < 0.02*float64(late) {
		t.Errorf("load: got %+v after %d late calls, want a worker held for each", got, late)
	}
}
