package api

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/status"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
	"github.com/firebreak-go/firebreak/registry"
)

// choose draws every untried target equally often, and never a tried one.
func TestChoose(t *testing.T) {
	const seed = 11
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	all := []target{{"1", "a"}, {"2", "b"}, {"3", "c"}, {"4", "a"}, {"5", "d"}} // 1 and 4 share an address
	for _, row := range []struct {
		name  string
		tried []string
		want  []string // the IDs
	}{
		{"nothing tried", nil, []string{"1", "2", "3", "4", "5"}},
		{"one tried", []string{"b"}, []string{"1", "3", "4", "5"}},
		{"a shared address tried", []string{"a"}, []string{"2", "3", "5"}},
		{"a gone one tried", []string{"z"}, []string{"1", "2", "3", "4", "5"}},
		{"all but one tried", []string{"d", "a", "b"}, []string{"3"}},
		{"all tried", []string{"a", "b", "c", "d"}, nil},
	} {
		const draws = 5000
		counts := make(map[string]int)
		for range draws {
			if got, ok := choose(all, row.tried, r.IntN); ok {
				counts[got.id]++
			}
		}
		for id, n := range counts {
			share := draws / len(row.want)
			if !slices.Contains(row.want, id) || n < share*8/10 || n > share*12/10 {
				t.Errorf("%s: %s was drawn %d times of %d, want one of %v, about %d times each", row.name, id, n, draws, row.want, share)
			}
		}
		if len(counts) != len(row.want) {
			t.Errorf("%s: drew %v, want each of %v", row.name, counts, row.want)
		}
	}
	if len(all) != 5 || all[1].id != "2" {
		t.Errorf("targets after the draws: got %v, want them unchanged", all)
	}
}

func linkTo(p *Pool, address string) *link {
	p.links.mu.Lock()
	defer p.links.mu.Unlock()
	return p.links.open[address]
}

func TestPoolForgetsGoneAddresses(t *testing.T) {
	ia, _ := startAPI(t, "a", named("a"))
	ib, _ := startAPI(t, "b", named("b"))
	p, d := newPool(t, Options{Draw: func(n int) int { return n - 1 }}, ia, ib)
	load := func(want string) {
		t.Helper()
		if user, err := p.LoadUser(within(t), "x"); err != nil || user.GetUsername() != want {
			t.Fatalf("load: got %v, %v, want the user from %s", user, err, want)
		}
	}
	load("b")
	gone := linkTo(p, ib.Address())
	d.set(ia)
	load("a")
	if got := p.Stats().Connections; got != 1 {
		t.Errorf("connections after one left: got %d, want 1", got)
	}
	if got := gone.conn.GetState(); got != connectivity.Shutdown {
		t.Errorf("connection to the one that left: got %v, want %v", got, connectivity.Shutdown)
	}
	d.set(ia, ib)
	load("b")
	if got := p.Stats().Connections; got != 2 {
		t.Errorf("connections after it came back: got %d, want 2", got)
	}
}

// A call that runs when its instance leaves the directory is not cut.
func TestPoolLetsCallsOfGoneAddressesEnd(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	slow := &fakeAPI{answer: func(context.Context) (*wire.User, error) {
		close(entered)
		<-release
		return &wire.User{Id: 1, Username: "slow"}, nil
	}}
	first, _ := startAPI(t, "1", slow)
	second, _ := startAPI(t, "2", named("other"))
	p, d := newPool(t, Options{TryTimeout: patience}, first)
	names := make(chan string, 1)
	go func() {
		user, err := p.LoadUser(within(t), "x")
		if err != nil {
			t.Errorf("slow call: got %v, want nil", err)
		}
		names <- user.GetUsername()
	}()
	receive(t, "the call at the first", entered)
	gone := linkTo(p, first.Address())
	d.set(second)
	if user, err := p.LoadUser(within(t), "x"); err != nil || user.GetUsername() != "other" {
		t.Fatalf("load: got %v, %v, want the user from the other", user, err)
	}
	if got := p.Stats().Connections; got != 1 {
		t.Errorf("connections while the slow call runs: got %d, want the other's only", got)
	}
	close(release)
	if got := receive(t, "the slow call", names); got != "slow" {
		t.Errorf("slow call: got the user from %q, want %q", got, "slow")
	}
	eventually(t, "the connection closes after its last call", func() bool {
		return gone.conn.GetState() == connectivity.Shutdown
	})
}

func TestLinksAreBounded(t *testing.T) {
	const a, b, c = "127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"
	p, _ := newPool(t, Options{MaxConnections: 2}, instance(t, "a", a), instance(t, "b", b), instance(t, "c", c))
	ls := p.links
	acquire := func(address string) (*link, error) {
		others := slices.DeleteFunc([]string{a, b, c}, func(other string) bool { return other == address })
		_, l, err := ls.acquire(others, func(int) int { return 0 })
		return l, err
	}
	take := func(address string) *link {
		t.Helper()
		l, err := acquire(address)
		if err != nil || l.target.address != address {
			t.Fatalf("acquire %s: got %v, %v", address, l, err)
		}
		return l
	}
	la, lb := take(a), take(b)
	if _, err := acquire(c); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("a third while both are in use: got %v, want %v", err, codes.ResourceExhausted)
	}
	ls.release(lb)
	ls.release(la)
	ls.release(take(a)) // used last, so b has been idle longer
	lc := take(c)
	if la.conn.GetState() == connectivity.Shutdown || lb.conn.GetState() != connectivity.Shutdown {
		t.Errorf("after a third: a is %v and b is %v, want b closed only", la.conn.GetState(), lb.conn.GetState())
	}
	if got := ls.len(); got != 2 {
		t.Errorf("connections: got %d, want 2", got)
	}
	ls.release(lc)
	p.Close()
	if _, err := acquire(a); !errors.Is(err, ErrClosed) || ls.len() != 0 {
		t.Errorf("after Close: got %v and %d connections, want %v and none", err, ls.len(), ErrClosed)
	}
	if _, err := p.LoadUser(within(t), "x"); !errors.Is(err, ErrClosed) {
		t.Errorf("load after Close: got %v, want %v", err, ErrClosed)
	}
}

// An address that no connection can be made to costs a try, not the call.
func TestPoolSurvivesAnImpossibleAddress(t *testing.T) {
	bad := registry.Instance{ID: "1", Host: "a b%zz/\x00", Port: 1}
	alive, _ := startAPI(t, "2", named("alive"))
	p, _ := newPool(t, Options{}, bad, alive)
	if user, err := p.LoadUser(within(t), "x"); err != nil || user.GetUsername() != "alive" {
		t.Errorf("load: got %v, %v, want the user from the living", user, err)
	}
}
